import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenAddress } from '../domain/listen-address.ts';
import type { Config } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { fetchKeys } from '../identity/keys/fetch-keys.ts';
import { type CheckClient, createCheckClient } from '../server/check-client.ts';
import { createGrpcServer } from '../server/grpc-server.ts';
import { createStderrLogger } from '../telemetry/log.ts';
import { surroundingsAside } from './callers/caller-surroundings.ts';
import { createChecks } from './checks.ts';
import { faultLog } from './fault-log.ts';
import { GateKeeper } from './gate-keeper.ts';
import { throwProblems, valueOf } from './loaded.ts';
import { PolicyBundles } from './policy/policy-bundles.ts';

/** Decides as a server would, and remembers by which rules of the access document. */
export interface OfflineChecker extends CheckClient {
  /** Their names, `orders/web-reads`. */
  readonly usedRules: ReadonlySet<string>;
}

/**
 * Decides without a server's help: a server of its own, in this process, on a socket that nobody
 * else knows. So it takes the very road that Envoy's checks take. It counts in memory, because a
 * question must not use up a caller's share, and it records nothing.
 */
export async function createOfflineChecker(config: Config): Promise<OfflineChecker> {
  const clock = systemClock;
  const keeper = valueOf(await GateKeeper.open(config, surroundingsAside(clock, fetchKeys)));
  const bundles = new PolicyBundles(keeper, clock, { checked: () => {} });
  throwProblems([...(await bundles.open()), ...(await bundles.refreshAll())]);
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-'));
  const address: ListenAddress = { kind: 'unix', path: join(directory, 'check.sock') };
  const usedRules = new Set<string>();
  const checks = createChecks({
    keeper,
    clock,
    recorder: {
      record: ({ check }) => {
        const { service, rule } = check.verdict?.access ?? {};
        if (rule !== undefined) usedRules.add(`${service}/${rule}`);
      },
    },
    observer: { observe: () => {} },
    onFault: faultLog(createStderrLogger(clock)),
  });
  const server = createGrpcServer({ ...config.server, address }, [checks], () => {});
  await server.start();
  const client = createCheckClient(address);
  return {
    usedRules,
    check: (request, options) => client.check(request, options),
    close: () => {
      client.close();
      void server.drain().then(() => rm(directory, { recursive: true }));
    },
  };
}
