/**
 * What opa-envoy-plugin's own tests ask of it, asked of Sallyport: `theirs` names the test. Where the
 * answer is another on purpose, `differs` says which difference in docs/rego.md it is.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { OutsideKeeper } from '../../src/app/policy/outside-keeper.ts';
import { Denial } from '../../src/domain/decision/decision.ts';
import { type JsonObject, jsonText, type JsonValue } from '../../src/domain/json.ts';
import type { PathAmbiguity } from '../../src/domain/request/path.ts';
import { BundleError } from '../../src/policy/bundle-error.ts';
import type { Outside } from '../../src/policy/wasm-engine.ts';
import { readDifferences, readFixture } from './opa-envoy-fixtures.ts';
import { answerInTime, answerOf, askedOf, type Attributes, engineOf } from './opa-envoy-road.ts';

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
  /** The policy asks another server, which is SERVER in the headers: how often, in how many checks. */
  readonly asksServer?: { readonly checks: number; readonly requests: number };
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
    const document = JSON.parse(jsonText(input ?? {})) as JsonObject;
    for (const [key, value] of Object.entries(want)) {
      assert.deepEqual(document[key] ?? null, value, key);
    }
  });
}

for (const { theirs, policy, attributes, skipRequestBodyParse, want, asksServer } of checks) {
  if (policy === undefined || asksServer !== undefined) continue;
  if (attributes === undefined || want === undefined) {
    test(`a bundle is refused: ${policy} (${theirs})`, async () => {
      await assert.rejects(engineOf(`opa-envoy-${policy}`), BundleError);
    });
    continue;
  }
  test(`check: ${theirs}`, async () => {
    const options = skipRequestBodyParse === undefined ? {} : { skipRequestBodyParse };
    const engine = await engineOf(`opa-envoy-${policy}`, options);
    assert.partialDeepStrictEqual(answerOf(engine, attributes), want);
  });
}

for (const { theirs, policy, attributes, want, asksServer } of checks) {
  if (attributes === undefined || want === undefined || asksServer === undefined) continue;
  test(`check: ${theirs}, with the server named`, async (t) => {
    let requests = 0;
    const server = createServer((_request, response) => {
      requests += 1;
      response.setHeader('content-type', 'application/json').end('{"allowed":true}');
    });
    t.after(() => server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const engine = await engineOf(`opa-envoy-${policy}`, { outside: outsideOf(host) });
    const text = JSON.stringify(attributes).replace('SERVER', `http://${host}/`);
    for (let asked = 0; asked < asksServer.checks; asked += 1) {
      const answer = await answerInTime(engine, JSON.parse(text) as Attributes);
      assert.partialDeepStrictEqual(answer, want);
    }
    assert.equal(requests, asksServer.requests);
  });
  test(`a bundle is refused where no host is named: ${policy} (${theirs})`, async () => {
    await assert.rejects(engineOf(`opa-envoy-${policy}`), BundleError);
  });
}

function outsideOf(host: string): Outside {
  const bounds = { maxTimeoutMs: 5000, maxResponseBytes: 65_536, maxCacheBytes: 65_536 };
  return new OutsideKeeper().outsideFor({ hosts: [host], ...bounds });
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
