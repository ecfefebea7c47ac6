/**
 * What opa-envoy-plugin's own tests ask of it, asked of Sallyport: `theirs` names the test. Where the
 * answer is another on purpose, `differs` says which difference in docs/rego.md it is.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { Denial } from '../../src/domain/decision.ts';
import type { JsonObject, JsonValue } from '../../src/domain/json.ts';
import type { PathAmbiguity } from '../../src/domain/path.ts';
import { BundleError } from '../../src/policy/bundle-error.ts';
import { readDifferences, readFixture } from './opa-envoy-fixtures.ts';
import { answerOf, askedOf, type Attributes, engineOf } from './opa-envoy-road.ts';

interface InputRow {
  readonly theirs: string;
  readonly name: string;
  readonly http: object;
  readonly source?: object;
  readonly relaxedPaths?: readonly PathAmbiguity[];
  /** Members of the input document; null also stands for one that is absent. */
  readonly want: 'bad_request' | JsonObject;
  readonly differs?: string;
}

/** An answer on the wire, or rather the parts of it that matter. */
type Answer = Readonly<Record<string, unknown>>;

interface CheckRow {
  readonly theirs: string;
  /** The fixture policy that is asked, or that is refused when there is nothing to ask. */
  readonly policy?: string;
  readonly attributes?: Attributes;
  readonly skipRequestBodyParse?: boolean;
  readonly want?: Answer;
  readonly differs?: string;
  /** The test that holds what cannot be told by one answer. */
  readonly heldBy?: string;
}

interface ResultRow {
  readonly theirs: string;
  readonly name: string;
  /** Absent: undefined. */
  readonly result?: JsonValue;
  readonly want: Answer;
  readonly differs?: string;
}

const inputs = readFixture('inputs.json') as InputRow[];
const checks = readFixture('checks.json') as CheckRow[];
const results = readFixture('results.json') as ResultRow[];

for (const { theirs, name, http, source, relaxedPaths, want } of inputs) {
  test(`input: ${name} (${theirs})`, async () => {
    const engine = await engineOf('echo');
    const { input, decision } = askedOf(engine, { http, source }, relaxedPaths);
    if (want === 'bad_request') {
      assert.ok(decision instanceof Denial);
      assert.equal(decision.reason, 'bad_request');
      return;
    }
    const document = JSON.parse(input?.text ?? '{}') as JsonObject;
    for (const [key, value] of Object.entries(want)) {
      assert.deepEqual(document[key] ?? null, value, key);
    }
  });
}

for (const { theirs, policy, attributes, skipRequestBodyParse, want } of checks) {
  if (policy === undefined) continue;
  if (attributes === undefined || want === undefined) {
    test(`a bundle is refused: ${policy} (${theirs})`, async () => {
      await assert.rejects(engineOf(`opa-envoy-${policy}`), BundleError);
    });
    continue;
  }
  test(`check: ${theirs}`, async () => {
    const engine = await engineOf(`opa-envoy-${policy}`, skipRequestBodyParse);
    assert.partialDeepStrictEqual(answerOf(engine, attributes), want);
  });
}

const prescribed = await engineOf('opa-envoy-prescribed');

for (const { theirs, name, result, want } of results) {
  test(`result: ${name} (${theirs})`, () => {
    const contextExtensions = result === undefined ? {} : { result: JSON.stringify(result) };
    const attributes = { http: {}, contextExtensions };
    assert.partialDeepStrictEqual(answerOf(prescribed, attributes), want);
  });
}

test('what is not asked here is held by another test, or differs on purpose', () => {
  const root = join(import.meta.dirname, '../..');
  const open = checks.filter(({ want, heldBy, differs }) =>
    heldBy === undefined
      ? want === undefined && differs === undefined
      : !existsSync(join(root, heldBy)),
  );
  assert.deepEqual(open, []);
});

test('all of their 44 inputs and 46 checks are here', () => {
  assert.equal(inputs.length, 44);
  assert.equal(new Set(checks.map(({ theirs }) => theirs)).size, 46);
});

test('every difference is described, and met by a test', () => {
  const met = [...inputs, ...checks, ...results].flatMap(({ differs }) => differs ?? []);
  assert.deepEqual([...new Set(met)].toSorted(), Object.keys(readDifferences()).toSorted());
});
