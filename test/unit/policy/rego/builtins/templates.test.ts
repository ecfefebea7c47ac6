import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinError, BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { templateBuiltins } from '../../../../../src/policy/rego/builtins/templates/templates.ts';
import { RegoObject } from '../../../../../src/policy/rego/value.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('templates', templateBuiltins);

const endless: readonly [what: string, source: string][] = [
  ['calls itself', '{{define "T"}}{{template "T"}}{{end}}{{template "T"}}'],
  ['loops in loops', '{{range 999}}{{range 999}}x{{end}}{{end}}'],
  ['pads without end', '{{range 99}}{{printf "%999999d" 1}}{{end}}'],
];

for (const [what, source] of endless) {
  test(`a template that ${what} ends the evaluation`, () => {
    const render = templateBuiltins['strings.render_template'];
    assert.throws(() => render?.(callOf(), source, RegoObject.of([])), BuiltinHalt);
  });
}

test('a template that never closes is read in linear time', () => {
  const render = templateBuiltins['strings.render_template'];
  for (const source of ['{{'.repeat(20_000), '{{ "'.repeat(20_000), `{{${' '.repeat(40_000)}`]) {
    const started = performance.now();
    assert.throws(() => render?.(callOf(), source, RegoObject.of([])), BuiltinError);
    assert.ok(performance.now() - started < 5000, source.slice(0, 5));
  }
});
