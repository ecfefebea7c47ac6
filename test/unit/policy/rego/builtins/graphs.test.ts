import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { graphBuiltins } from '../../../../../src/policy/rego/builtins/graphs.ts';
import { RegoObject } from '../../../../../src/policy/rego/value.ts';
import { callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('graphs', graphBuiltins);

test('a graph with more paths than memory ends the evaluation', () => {
  const nodes = Array.from({ length: 30 }, (_, at) => at);
  const graph = RegoObject.of(nodes.map((node) => [node, nodes] as const));
  assert.throws(() => graphBuiltins['graph.reachable_paths']?.(callOf(), graph, [0]), BuiltinHalt);
});
