import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlainYaml } from '../../../../../src/config/yaml/plain-yaml.ts';
import { BuiltinError } from '../../../../../src/policy/rego/builtin.ts';
import { createYamlBuiltins } from '../../../../../src/policy/rego/builtins/yaml/yaml.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

const yamlBuiltins = createYamlBuiltins({ parse: parsePlainYaml });

testAgainstOracle('yaml', yamlBuiltins);

test('an alias that holds itself, and aliases that multiply, are no values', () => {
  const bomb = ['a0: &a0 1'];
  for (let at = 1; at < 12; at += 1) bomb.push(`a${at}: &a${at} [${`*a${at - 1},`.repeat(10)}]`);
  const texts = ['&a [*a]', bomb.join('\n')];
  for (const text of texts) {
    assert.throws(() => yamlBuiltins['yaml.unmarshal']?.(callOf(), text), BuiltinError);
    assert.equal(yamlBuiltins['yaml.is_valid']?.(callOf(), text), false);
  }
});
