import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BundleError } from '../../../../src/policy/bundle-error.ts';
import { hostBuiltins } from '../../../../src/policy/rego/builtins.ts';
import { buildImage } from '../../../../src/policy/wasm/data-image.ts';
import { loadPolicy, loadPolicyAside } from '../../../../src/policy/wasm/load-policy.ts';
import { compilePolicy } from '../../../../src/policy/wasm/policy-module.ts';
import type { PolicySource } from '../../../../src/policy/wasm/policy-source.ts';
import { readModule } from './fixture-modules.ts';

const { wasm } = await readModule('test/fixtures/bundles/data-echo.tar.gz');
const evaluation = {
  entrypoint: 0,
  input: '{}',
  scope: { nowNs: 0n, remembered: new Map() },
  fuel: 2_000_000_000,
};

/** With `bytes` of text, about, in two parts. */
function sourceOf(bytes: number): PolicySource {
  const users = Array.from(
    { length: bytes / 50 },
    (_, id) => [`user-${id}`, { roles: ['é', id] }] as const,
  );
  const parts = { shop: { size: users.length }, users: Object.fromEntries<unknown>(users) };
  const data = Object.entries(parts).map(([key, value]) => ({
    path: [key],
    json: Buffer.from(JSON.stringify(value)),
  }));
  return { wasm, data };
}

test('what a worker loads is what is loaded here', async () => {
  for (const bytes of [0, 1000, 3_000_000]) {
    const here = loadPolicy(sourceOf(bytes), hostBuiltins);
    const aside = await loadPolicyAside(sourceOf(bytes), hostBuiltins);
    assert.deepEqual(aside.module.projections, here.module.projections);
    for (let round = 0; round < 3; round += 1) {
      assert.equal(aside.evaluate(evaluation).json, here.evaluate(evaluation).json);
    }
  }
});

/** One that gives memory back while it starts: OPA's makes and frees what its constants need. */
const { wasm: starting } = await readModule('bundles/access.tar.gz');

test('data lies in the image alone, and not in what a module gave back at its start', () => {
  const starts = compilePolicy(starting, hostBuiltins);
  for (let bytes = 1; bytes < 4096; bytes += 37) {
    const image = buildImage(starts, Buffer.from(JSON.stringify({ text: 'x'.repeat(bytes) })));
    const text = Buffer.from(image.data).toString('latin1');
    assert.ok(text.includes('x'.repeat(bytes)), `${bytes} bytes of text`);
    assert.ok(image.dataAddress >= image.heap - image.data.length, `${bytes} bytes of text`);
  }
});

test('data is there after a trap, in the same memory and in a larger one', () => {
  const pool = loadPolicy(sourceOf(100_000), hostBuiltins);
  const { json, fuel } = pool.evaluate(evaluation);
  for (let round = 0; round < 20; round += 1) {
    assert.throws(
      () => pool.evaluate({ ...evaluation, fuel: (fuel * round) >> 5 }),
      /units of policy\.maxFuel/,
    );
    const input = round % 2 === 0 ? '{}' : `"${'x'.repeat(round * 20_000)}"`;
    assert.equal(pool.evaluate({ ...evaluation, input }).json, json);
  }
});

test('what cannot be loaded is refused, here and in a worker', async () => {
  const sources: PolicySource[] = ['', '{', '[1'].map((text) => ({
    wasm,
    data: [{ path: [], json: Buffer.from(text) }],
  }));
  sources.push({ wasm: new Uint8Array(8), data: [] });
  for (const source of sources) {
    assert.throws(() => loadPolicy(source, hostBuiltins), BundleError);
    await assert.rejects(loadPolicyAside(source, hostBuiltins), BundleError);
  }
  const { wasm: caller } = await readModule('test/fixtures/bundles/calls-builtin.tar.gz');
  const source = { wasm: caller, data: [] };
  assert.throws(() => loadPolicy(source, new Map()), /not available here: crypto\.sha256/);
  await assert.rejects(loadPolicyAside(source, new Map()), /not available here: crypto\.sha256/);
});

test('checks go on while 20 MiB are loaded', async () => {
  const pool = loadPolicy(sourceOf(0), hostBuiltins);
  const ended = new AbortController();
  const loading = loadPolicyAside(sourceOf(20 * 1024 * 1024), hostBuiltins).finally(() =>
    ended.abort(),
  );
  let worstMs = 0;
  let checks = 0;
  for (let lastMs = busyMs(); !ended.signal.aborted; checks += 1) {
    pool.evaluate(evaluation);
    await setImmediate();
    worstMs = Math.max(worstMs, busyMs() - lastMs);
    lastMs = busyMs();
  }
  await loading;
  assert.ok(checks > 10);
  // Of this thread alone, and in steps of 4 ms: less than 20 ms on a quiet machine, for 100 MiB too.
  assert.ok(worstMs < 100, `a check waited ${worstMs} ms`);
});

function busyMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
