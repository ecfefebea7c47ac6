import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BuiltinError, BuiltinHalt } from '../../../../../src/policy/rego/builtin.ts';
import { graphqlBuiltins } from '../../../../../src/policy/rego/builtins/graphql/graphql.ts';
import { isArray, RegoObject, type RegoValue } from '../../../../../src/policy/rego/value.ts';
import { answer, callOf, testAgainstOracle } from './oracle.ts';

testAgainstOracle('graphql', graphqlBuiltins);

function run(builtin: string, ...operands: readonly RegoValue[]): RegoValue | undefined {
  return answer(graphqlBuiltins, { builtin: `graphql.${builtin}`, operands, nowNs: 0n });
}

const query = `query A($n: [Int!]! = [1]) @cost(w: 1) {
  a: list(first: $n, filter: {s: "q\\"\\n", e: B, f: 1.5, b: true, n: null}) { __typename ...f }
  ... on Q { id } ... @skip(if: false) { id }
} fragment f on Q @cost(w: 2) { id }`;

const schema = `schema @cost(w: 1) { query: Q } extend schema { mutation: M }
"d" directive @cost("w" w: Int! = 1) repeatable on SCHEMA | OBJECT | QUERY | FRAGMENT_DEFINITION
interface N { id: ID } type Q implements N @cost(w: 2) { "f" id: ID list(first: [Int!]!, filter: F): U }
type M { x: T } scalar T union U = Q | M enum E { "e" A B } input F { s: String = "x" e: E f: Float b: Boolean n: Int }
extend type M { y: Int }`;

test('what parsing gave may be given back in the place of the text', () => {
  const parsed = run('parse', query, schema);
  assert.ok(parsed !== undefined && isArray(parsed));
  const [queryObject, schemaObject] = parsed;
  assert.deepEqual(run('parse', queryObject ?? null, schemaObject ?? null), parsed);
});

for (const name of ['id } mutation { x', 'id # ', 'é']) {
  test(`${JSON.stringify(name)} is refused where a name must stand`, () => {
    const field = RegoObject.of([
      ['Alias', 'id'],
      ['Name', name],
    ]);
    const operation = RegoObject.of([
      ['Operation', 'query'],
      ['SelectionSet', [field]],
    ]);
    const document = RegoObject.of([['Operations', [operation]]]);
    assert.equal(run('is_valid', document, 'type Query { id: ID }'), false);
  });
}

/** Where the library is stricter than gqlparser, or (marked so) knows a later draft. */
const differences: readonly [builtin: string, document: string, result: boolean, opa: boolean][] = [
  ['schema_is_valid', 'scalar S schema { query: S }', false, true],
  ['schema_is_valid', 'interface I implements I { a: Int } type Query { a: I }', false, true],
  ['schema_is_valid', 'type Query { a(b: Int, b: Int): Int }', false, true],
  ['schema_is_valid', 'input I { a: Int! @deprecated } type Query { a(i: I): Int }', false, true],
  ['schema_is_valid', 'directive @d(a: Int @d) on ARGUMENT_DEFINITION', true, false],
];

for (const [builtin, document, result, opa] of differences) {
  test(`${document} is ${result ? 'valid' : 'invalid'}, unlike in OPA`, () => {
    assert.notEqual(result, opa);
    assert.equal(run(builtin, document), result);
  });
}

test('a query of many tokens is refused before it is checked', () => {
  const long = `{ ${'id '.repeat(20_000)} }`;
  const parse = graphqlBuiltins['graphql.parse_query'];
  assert.throws(() => parse?.(callOf(), long), BuiltinHalt);
  assert.throws(() => parse?.({ ...callOf(), spend: () => {} }, long), BuiltinError);
});

test('a query that nests deeply is an error of the query, not of the server', () => {
  assert.equal(run('parse_query', '{a'.repeat(7_000)), undefined);
});
