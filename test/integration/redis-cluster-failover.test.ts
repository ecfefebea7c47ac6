import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { test, type TestContext } from 'node:test';
import type { Limiter } from '../../src/check/ports.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { LimitsVerdict, OnStoreError } from '../../src/domain/limits/limit.ts';
import { DenialCache } from '../../src/limits/stores/denial-cache.ts';
import { MemoryLimitStore } from '../../src/limits/stores/memory-store.ts';
import { type RedisCluster, startReplicatedCluster } from '../setup/redis-cluster.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { namedLimitFrom, openLimiter, questionFrom } from '../unit/limits/fixture.ts';
import { type OpenedConnection, openConnection } from './redis-connection.ts';

const commandTimeoutMs = 100;
/** What a busy machine may add to a time-out. */
const slackMs = 900;
const quota = 6;
const replicas = 3;
const policies = ['allow', 'deny', 'local'] as const satisfies readonly OnStoreError[];
/** Enough that every master counts some. */
const callers = Array.from({ length: 20 }, (_, index) => `caller-${index}`);

test('a master of a cluster that is killed under load: no deny lets through what was not counted, and its replica takes over', async (t) => {
  const cluster = await startReplicatedCluster();
  t.after(async () => cluster.remove());
  const rig = openRig(t, cluster);
  await until('the cluster is up', () => rig.opened.connection.isUp());
  await spend(rig);
  await until('the replica has what its master has', async () => isInStep(cluster));

  const traffic = new Traffic(rig);
  await cluster.masters[0]?.kill();
  await until('some callers cannot be counted', () => traffic.seen('deny').has('unavailable'));
  await until('the replica has taken over, and all are counted again', async () => {
    const verdicts = await Promise.all(callers.map(async (caller) => rig.take('deny', caller)));
    return verdicts.every(({ outcome }) => outcome !== 'unavailable');
  });
  await traffic.stop();

  assert.deepEqual([...traffic.seen('deny')].toSorted(), ['over', 'unavailable']);
  assert.ok(traffic.seen('allow').has('within'), 'callers that cannot be counted are let through');
  for (const caller of callers) {
    assert.ok(
      traffic.admitted('local', caller) <= quota / replicas,
      `more than its share: ${caller}`,
    );
    const { outcome } = await rig.take('deny', caller);
    assert.equal(outcome, 'over', `${caller}: the new master knows what was counted`);
  }
  assert.ok(traffic.longestMs <= commandTimeoutMs + slackMs, `${traffic.longestMs} ms`);
});

interface Rig {
  readonly opened: OpenedConnection;
  take(onError: OnStoreError, caller: string): Promise<LimitsVerdict>;
}

/** A limit for each onError, of a day's quota for each caller. */
function openRig(t: TestContext, { addresses }: RedisCluster): Rig {
  const settings = redisSettings({ kind: 'cluster', addresses }, { commandTimeoutMs });
  const opened = openConnection(t, settings);
  const clock = systemClock;
  const limiter: Limiter = openLimiter(
    policies.map((onError) =>
      namedLimitFrom({ name: onError, onError, quota, windowMs: 86_400_000 }),
    ),
    {
      store: new DenialCache(opened.store, clock),
      localStore: new MemoryLimitStore(clock),
      replicas,
      clock,
    },
  );
  return {
    opened,
    take: async (onError, caller) =>
      limiter.take(
        questionFrom({ caller, named: [{ name: onError }] }),
        clock.monotonicMs() + 1000,
      ),
  };
}

/** Takes every caller's quota of every limit. */
async function spend(rig: Rig): Promise<void> {
  for (const onError of policies) {
    for (const caller of callers) {
      await until(`${caller} has spent ${onError}`, async () => {
        const { outcome, states } = await rig.take(onError, caller);
        return outcome === 'over' && states[0]?.degraded === undefined;
      });
    }
  }
}

/** What is lost in a failover is what was not replicated yet: not what this test is about. */
async function isInStep({ masters, replicas: followers }: RedisCluster): Promise<boolean> {
  const sizes = await Promise.all(
    [...masters, ...followers].map(async (server) => Number(await server.command('DBSIZE'))),
  );
  return masters.every((_, index) => sizes[index] === sizes[index + masters.length]);
}

/** Asks for every caller and onError, over and over. */
class Traffic {
  longestMs = 0;
  readonly #outcomes = new Map<string, Set<string>>();
  readonly #admitted = new Map<string, number>();
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(rig: Rig) {
    this.#loops = policies.flatMap((onError) =>
      callers.map(async (caller) => {
        while (!this.#isOver) {
          await this.#ask(rig, onError, caller);
          await sleep(10);
        }
      }),
    );
  }

  seen(onError: OnStoreError): ReadonlySet<string> {
    return this.#outcomes.get(onError) ?? new Set();
  }

  admitted(onError: OnStoreError, caller: string): number {
    return this.#admitted.get(`${onError} ${caller}`) ?? 0;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #ask(rig: Rig, onError: OnStoreError, caller: string): Promise<void> {
    const startedMs = systemClock.monotonicMs();
    const { outcome } = await rig.take(onError, caller);
    this.longestMs = Math.max(this.longestMs, systemClock.monotonicMs() - startedMs);
    this.#outcomes.set(onError, new Set([...this.seen(onError), outcome]));
    if (outcome === 'within') {
      this.#admitted.set(`${onError} ${caller}`, this.admitted(onError, caller) + 1);
    }
  }
}
