import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createIsolatedSurroundings } from '../src/app/gate/isolated-surroundings.ts';
import { GateKeeper } from '../src/app/gate/gate-keeper.ts';
import { throwProblems, valueOf } from '../src/config/loaded.ts';
import { PolicyBundles } from '../src/app/policy/policy-bundles.ts';
import { loadConfig } from '../src/config/load-config.ts';
import { systemClock } from '../src/domain/clock.ts';
import { watchTurns } from '../test/setup/turn-watch.ts';
import { CannotMeasure } from './cannot-measure.ts';
import { formatTable } from './table.ts';

const megabytes = 100;
const reloads = 6;

interface Load {
  readonly name: string;
  readonly seconds: number;
  /** The longest turn of the event loop: of its own CPU, and by the clock. */
  readonly busyMs: number;
  readonly wallMs: number;
  /** Of the whole process, afterwards. */
  readonly residentMib: number;
}

/** What it takes to load data of 100 MiB over and over, from a server, while checks would go on. */
export async function measureData(options: { readonly json: boolean }): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  const server = fork(new URL('data-server.ts', import.meta.url));
  try {
    const messages: unknown[] = await once(server, 'message');
    const bundles = await openBundles(directory, String(messages[0]));
    const loads: Load[] = [{ ...none, name: 'before', residentMib: await residentMib() }];
    for (let load = 1; load <= reloads; load += 1) {
      server.send({ revision: `r${load}`, bytes: megabytes * 1024 ** 2 });
      await once(server, 'message');
      loads.push(await measureLoad(load === 1 ? 'first load' : `reload ${load - 1}`, bundles));
    }
    return options.json ? JSON.stringify(loads) : format(loads);
  } finally {
    server.kill();
    rmSync(directory, { recursive: true });
  }
}

const none = { seconds: 0, busyMs: 0, wallMs: 0 };

async function openBundles(directory: string, url: string): Promise<PolicyBundles> {
  const path = join(directory, 'sallyport.yaml');
  const identity = { trustDomains: ['shop.example'] };
  writeFileSync(path, JSON.stringify({ identity, policy: { bundle: { url } } }));
  const loaded = loadConfig(path, {});
  if ('problems' in loaded) throw new CannotMeasure('the configuration has problems');
  const keeper = valueOf(
    await GateKeeper.open(loaded.config, createIsolatedSurroundings(systemClock)),
  );
  const bundles = new PolicyBundles(keeper, systemClock, { checked: () => {} });
  await bundles.open();
  return bundles;
}

async function measureLoad(name: string, bundles: PolicyBundles): Promise<Load> {
  const startedMs = performance.now();
  const watch = watchTurns();
  throwProblems(await bundles.refreshAll());
  const seconds = (performance.now() - startedMs) / 1000;
  const { busyMs, wallMs } = watch.stop();
  return { name, seconds, busyMs, wallMs, residentMib: await residentMib() };
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Memory of WebAssembly is given back some time after the collection that finds it. */
async function residentMib(): Promise<number> {
  for (let round = 0; round < 5; round += 1) {
    collectGarbage();
    await setTimeout(500);
  }
  return process.memoryUsage.rss() / 1024 ** 2;
}

function format(loads: readonly Load[]): string {
  const rows = loads.map(({ name, seconds, busyMs, wallMs, residentMib: resident }) => [
    name,
    seconds.toFixed(1),
    busyMs.toFixed(1),
    wallMs.toFixed(1),
    resident.toFixed(0),
  ]);
  const head = [`${megabytes} MiB of data`, 's', 'longest turn: CPU ms', 'wall ms', 'resident MiB'];
  return formatTable([head, ...rows]);
}
