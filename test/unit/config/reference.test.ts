import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { configReference } from '../../../src/config/reference.ts';

const document = new URL('../../../docs/configuration.md', import.meta.url);
const between = /(<!-- reference: .* -->\n).*(\n<!-- end of reference -->)/s;

/** `node test/unit/config/reference.test.ts --write` writes it anew. */
test('docs/configuration.md lists every key as the schema has it', () => {
  const text = readFileSync(document, 'utf8');
  const current = text.replace(between, (_, begin, end) => `${begin}\n${configReference()}${end}`);
  if (process.argv.includes('--write')) writeFileSync(document, current);
  else
    assert.equal(text, current, 'write it anew: node test/unit/config/reference.test.ts --write');
});
