import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { createIsolatedSurroundings } from '../../src/app/gate/isolated-surroundings.ts';
import { GateKeeper } from '../../src/app/gate/gate-keeper.ts';
import { valueOf } from '../../src/config/loaded.ts';
import { PolicyBundles } from '../../src/app/policy/policy-bundles.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { JsonValue } from '../../src/domain/json.ts';
import type { DataPart } from '../../src/policy/policy-bundle.ts';
import { bundleOf } from '../setup/bundle-archive.ts';
import { type BundleServer, startBundleServer } from '../setup/bundle-server.ts';
import { largeBundleFiles } from '../setup/large-bundle.ts';
import { watchTurns } from '../setup/turn-watch.ts';

const mib = 1024 * 1024;

let directory: string;
let server: BundleServer;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-large-'));
  server = await startBundleServer();
});

after(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

async function open(bundle: JsonValue) {
  const path = join(directory, 'sallyport.yaml');
  const identity = { trustDomains: ['shop.example'] };
  writeFileSync(path, JSON.stringify({ identity, policy: { bundle } }));
  const loaded = loadConfig(path, {});
  assert.ok('config' in loaded);
  const keeper = valueOf(
    await GateKeeper.open(loaded.config, createIsolatedSurroundings(systemClock)),
  );
  return { keeper, bundles: new PolicyBundles(keeper, systemClock, { checked: () => {} }) };
}

/** Without a worker and a process this was four seconds; on a quiet machine it is below 20 ms. */
const longestTurnMs = 250;

async function assertNoPause(load: () => Promise<unknown>): Promise<void> {
  const watch = watchTurns();
  const problems = await load();
  const { busyMs, turns } = watch.stop();

  assert.deepEqual(problems, []);
  assert.ok(busyMs < longestTurnMs, `one turn took ${busyMs} ms`);
  assert.ok(turns > 20, `${turns} turns`);
}

test('checks go on while a server gives 48 MiB of data, and then a change of them', async () => {
  const { '.manifest': manifest = '', ...files } = await largeBundleFiles('large', 48 * mib);
  server.publish('large', await bundleOf({ ...files, '.manifest': manifest }));
  const { keeper, bundles } = await open({ url: `${server.url}/large` });
  await bundles.open();
  await assertNoPause(() => bundles.refreshAll());
  assert.equal(keeper.served.policy.identity.revision, 'large');

  const data = [{ op: 'upsert', path: '/users/user-1/rate', value: 7 }];
  const changed = { ...(JSON.parse(Buffer.from(manifest).toString()) as object), revision: 'next' };
  const delta = { '.manifest': JSON.stringify(changed), 'patch.json': JSON.stringify({ data }) };
  server.publish('large', await bundleOf(delta));
  await assertNoPause(() => bundles.refreshAll());
  assert.equal(keeper.served.policy.identity.revision, 'next');
  const [part] = keeper.served.bundle?.data ?? [];
  assert.match(textOf(part).slice(0, 300), /"user-1":\{"id":1,.*?"rate":7\}/);
});

function textOf(part: DataPart | undefined): string {
  return Buffer.from(part?.json ?? []).toString();
}

test('checks go on while a folder of 16 MiB is read', async () => {
  const folder = join(directory, 'bundle');
  for (const [path, content] of Object.entries(await largeBundleFiles('large', 16 * mib))) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  const { keeper, bundles } = await open(folder);
  await assertNoPause(() => bundles.open());
  assert.equal(keeper.served.policy.identity.revision, 'large');
});
