/**
 * `node bench/limit-faults.ts`: what callers see while Redis is broken in every way that we know,
 * for each `onError`. Prints the table of docs/limits.md.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../src/domain/clock.ts';
import type { LimitsVerdict, OnStoreError } from '../src/domain/limits/limit.ts';
import { DenialCache } from '../src/limits/stores/denial-cache.ts';
import { MemoryLimitStore } from '../src/limits/stores/memory-store.ts';
import type { RedisServers } from '../src/shared-state/redis-settings.ts';
import { RedisLimitStore } from '../src/limits/stores/redis-store.ts';
import { createRedisConnection } from '../src/shared-state/redis-connection.ts';
import { startReplicatedCluster } from '../test/setup/redis-cluster.ts';
import { startSentinelGroup } from '../test/setup/redis-sentinel.ts';
import { RedisServer } from '../test/setup/redis-server.ts';
import { redisSettings, unobserved } from '../test/setup/redis-settings.ts';
import { TcpProxy } from '../test/setup/tcp-proxy.ts';
import { namedLimitFrom, questionFrom, openLimiter } from '../test/unit/limits/fixture.ts';
import { quantile } from './statistics.ts';

const user = 'sallyport';
const password = 'right';
const faultMs = 2000;
const loopsEach = 10;
const recoveredWithinMs = 15_000;
const policies = ['allow', 'deny', 'local'] as const satisfies readonly OnStoreError[];

interface Fault {
  readonly name: string;
  readonly inject: (server: RedisServer, proxy: TcpProxy) => unknown;
  readonly heal?: (server: RedisServer, proxy: TcpProxy) => unknown;
}

const faults: readonly Fault[] = [
  { name: 'kill -9', inject: (server) => server.kill(), heal: (server) => server.start() },
  {
    name: 'hung (SIGSTOP)',
    inject: (server) => server.signal('SIGSTOP'),
    heal: (server) => server.signal('SIGCONT'),
  },
  { name: 'connections cut', inject: (_, proxy) => proxy.cut(), heal: (_, proxy) => proxy.open() },
  {
    name: 'wire dead, without a word',
    inject: (_, proxy) => (proxy.delayMs = Infinity),
    heal: (_, proxy) => (proxy.delayMs = 0),
  },
  {
    name: 'replies after 80 ms',
    inject: (_, proxy) => (proxy.delayMs = 80),
    heal: (_, proxy) => (proxy.delayMs = 0),
  },
  {
    name: 'out of memory',
    inject: (server) => server.command('CONFIG', 'SET', 'maxmemory', '1'),
    heal: (server) => server.command('CONFIG', 'SET', 'maxmemory', '0'),
  },
  {
    name: 'became a replica (READONLY)',
    inject: (server) => server.command('REPLICAOF', '127.0.0.1', '1'),
    heal: (server) => server.command('REPLICAOF', 'NO', 'ONE'),
  },
  {
    name: 'password changed',
    inject: async (server) => {
      await server.command('ACL', 'SETUSER', user, 'resetpass', '>other');
      await server.command('CLIENT', 'KILL', 'USER', user);
    },
    heal: (server) => server.command('ACL', 'SETUSER', user, `>${password}`),
  },
  { name: 'FLUSHALL', inject: (server) => server.command('FLUSHALL') },
  { name: 'SCRIPT FLUSH', inject: (server) => server.command('SCRIPT', 'FLUSH') },
];

interface Rig {
  take(onError: OnStoreError, caller: string): Promise<LimitsVerdict>;
  close(): void;
}

/** As the server wires it, with its default time-outs; each limit far above what is asked. */
function openRig(servers: RedisServers): Rig {
  const settings = { connectTimeoutMs: 1000, commandTimeoutMs: 50 };
  const credentials = servers.kind === 'standalone' ? { username: user, password } : {};
  const connection = createRedisConnection(redisSettings(servers, { ...settings, credentials }), {
    connected: () => {},
    lost: () => {},
    renewalFailed: () => {},
  });
  const isCluster = servers.kind === 'cluster';
  const options = { keyPrefix: 'sallyport:', isCluster, observer: unobserved };
  const limiter = openLimiter(
    policies.map((onError) =>
      namedLimitFrom({ name: onError, onError, quota: 1_000_000, windowMs: 1000 }),
    ),
    {
      store: new DenialCache(new RedisLimitStore(connection, options, systemClock), systemClock),
      localStore: new MemoryLimitStore(systemClock),
      replicas: 4,
      clock: systemClock,
    },
  );
  return {
    take: async (onError, caller) =>
      limiter.take(
        questionFrom({ caller, named: [{ name: onError }] }),
        systemClock.monotonicMs() + 150,
      ),
    close: () => {
      connection.close();
    },
  };
}

interface Answer {
  readonly onError: OnStoreError;
  readonly atMs: number;
  readonly tookMs: number;
  readonly outcome: LimitsVerdict['outcome'];
  readonly isDegraded: boolean;
}

class Traffic {
  readonly answers: Answer[] = [];
  readonly #rig: Rig;
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(rig: Rig) {
    this.#rig = rig;
    this.#loops = policies.flatMap((onError) =>
      Array.from({ length: loopsEach }, async (_, index) => this.#ask(onError, `caller-${index}`)),
    );
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #ask(onError: OnStoreError, caller: string): Promise<void> {
    while (!this.#isOver) {
      const startedMs = systemClock.monotonicMs();
      const { outcome, states } = await this.#rig.take(onError, caller);
      const atMs = systemClock.monotonicMs();
      const isDegraded = states.some(({ degraded }) => degraded !== undefined);
      this.answers.push({ onError, atMs, tookMs: atMs - startedMs, outcome, isDegraded });
      await sleep(1);
    }
  }
}

async function until(holds: () => boolean): Promise<void> {
  const endMs = systemClock.monotonicMs() + recoveredWithinMs;
  while (!holds() && systemClock.monotonicMs() < endMs) await sleep(5);
}

/** Cells of one row: the fault, what each onError answered, p99 and the longest, the recovery. */
async function measure(
  name: string,
  rig: Rig,
  inject: () => unknown,
  heal?: () => unknown,
): Promise<readonly string[]> {
  const traffic = new Traffic(rig);
  const { answers } = traffic;
  await until(() => answers.some(({ isDegraded }) => !isDegraded));
  await sleep(300);
  const brokenMs = systemClock.monotonicMs();
  await inject();
  if (heal !== undefined) await sleep(faultMs);
  const healedMs = heal === undefined ? brokenMs : systemClock.monotonicMs();
  await heal?.();
  if (heal === undefined) await sleep(faultMs);
  const isWhole = ({ atMs, isDegraded }: Answer): boolean => atMs > healedMs && !isDegraded;
  await until(() => answers.some(isWhole));
  // A sentinel's failover begins after the fault: whole means that nothing degraded follows.
  await sleep(1000);
  await traffic.stop();
  rig.close();
  const degraded = answers.filter(({ atMs, isDegraded }) => isDegraded && atMs >= brokenMs);
  const lastMs = Math.max(healedMs, ...degraded.map(({ atMs }) => atMs));
  const during = answers.filter(({ atMs }) => atMs >= brokenMs && atMs <= lastMs);
  const tookMs = (degraded.length > 0 ? during : answers).map((answer) => answer.tookMs);
  return [
    name,
    ...policies.map((onError) => outcomesOf(degraded.filter((each) => each.onError === onError))),
    `${quantile(tookMs, 0.99).toFixed(1)} ms`,
    `${Math.max(...tookMs).toFixed(0)} ms`,
    degraded.length === 0 ? '-' : `${((lastMs - healedMs) / 1000).toFixed(1)} s`,
  ];
}

function outcomesOf(answers: readonly Answer[]): string {
  const outcomes = [...new Set(answers.map(({ outcome }) => outcome))];
  return outcomes.length === 0 ? '-' : outcomes.join(', ');
}

async function measureFault({ name, inject, heal }: Fault): Promise<readonly string[]> {
  const acl = ['--user', user, 'on', `>${password}`, '~*', '+@all'];
  const server = await new RedisServer(acl).start();
  const proxy = await new TcpProxy(server.socketPath).open();
  try {
    const rig = openRig({ kind: 'standalone', url: proxy.url });
    return await measure(
      name,
      rig,
      () => inject(server, proxy),
      heal && (() => heal(server, proxy)),
    );
  } finally {
    await proxy.cut();
    await server.remove();
  }
}

async function measureFailover(): Promise<readonly string[]> {
  const group = await startSentinelGroup();
  try {
    return await measure('failover by Sentinel', openRig(group.servers), () =>
      group.primary.kill(),
    );
  } finally {
    await group.remove();
  }
}

async function measureClusterFailover(): Promise<readonly string[]> {
  const cluster = await startReplicatedCluster();
  try {
    const rig = openRig({ kind: 'cluster', addresses: cluster.addresses });
    return await measure('failover in a Cluster', rig, () => cluster.masters[0]?.kill());
  } finally {
    await cluster.remove();
  }
}

const rows = [['Fault', '`allow`', '`deny`', '`local`', 'p99', 'longest', 'back after']];
for (const fault of faults) rows.push([...(await measureFault(fault))]);
rows.push([...(await measureFailover())], [...(await measureClusterFailover())]);
const [head = [], ...body] = rows;
for (const cells of [head, head.map(() => '---'), ...body]) console.log(`| ${cells.join(' | ')} |`);
process.exit(0);
