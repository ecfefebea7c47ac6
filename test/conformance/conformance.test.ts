import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalOf } from '../../src/policy/rego/refused-builtins.ts';
import { documentParts } from './document-parts.ts';
import { readExceptions } from './exceptions.ts';
import { shareRight, wantedShare, wantsResult } from './figures.ts';
import { readOpaBuiltins } from './opa-builtins.ts';
import { readDocument, withParts } from './rego-document.ts';
import { runCorpus } from './run-corpus.ts';
import { serverBuiltins } from './server-builtins.ts';

const results = await runCorpus();
const exceptions = readExceptions();
const listed = new Set(exceptions.flatMap(({ cases }) => cases));

test('all of the cases were run', () => {
  assert.equal(results.length, 4427);
});

test("every case of OPA's is right, but for the listed exceptions", () => {
  const wrong = results
    .filter(({ case: { id }, fault }) => fault !== undefined && !listed.has(id))
    .map(({ case: { id }, fault }) => `${id}: ${fault}`);
  assert.deepEqual(wrong, []);
});

test('every listed exception is still one', () => {
  const wrong = new Set(
    results.filter(({ fault }) => fault !== undefined).map((result) => result.case.id),
  );
  assert.deepEqual(
    [...listed].filter((id) => !wrong.has(id)),
    [],
  );
});

test('of the cases that want a result, nearly all are right', () => {
  assert.ok(shareRight(results.filter(wantsResult)) >= wantedShare);
});

test('a builtin of OPA that is not here is refused for a reason of its own', () => {
  const unknown = refusalOf('no.such.builtin');
  const { host } = readOpaBuiltins();
  const unexplained = host.filter(
    (name) => !serverBuiltins.has(name) && refusalOf(name) === unknown,
  );
  assert.deepEqual(unexplained, []);
});

test('docs/rego.md has the figures of this run', async () => {
  const document = readDocument();
  assert.equal(await withParts(document, documentParts(results, exceptions)), document);
});
