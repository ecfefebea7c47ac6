import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ListenAddress } from '../../domain/listen-address.ts';
import type { Config } from '../../config/config.ts';
import { type Clock, systemClock } from '../../domain/clock.ts';
import {
  type CheckClient,
  type CheckRequest,
  type CheckResponse,
  createCheckClient,
} from '../../server/check-client.ts';
import { createGrpcServer } from '../../server/grpc-server.ts';
import { createStderrLogger } from '../../telemetry/log.ts';
import { askForKeys } from '../callers/ask-for-keys.ts';
import { createIsolatedSurroundings } from './isolated-surroundings.ts';
import { type GivenToken, GivenTokens } from '../callers/given-tokens.ts';
import { createChecks } from '../checks.ts';
import { faultLog } from '../logs/fault-log.ts';
import { GateKeeper, type GateSurroundings } from './gate-keeper.ts';
import { type GivenGrant, GivenGrants } from '../grants/given-grants.ts';
import { throwProblems, valueOf } from '../../config/loaded.ts';
import { undoOnFailure } from '../undo-on-failure.ts';
import { PolicyBundles } from '../policy/policy-bundles.ts';

/** Decides as a server would, and remembers by which rules of the access document. */
export interface OfflineChecker extends CheckClient {
  /** Their names, `orders/web-reads`. */
  readonly usedRules: ReadonlySet<string>;
  /** One after another: time and grants are those of the question that was asked last. */
  check(request: CheckRequest, question: OfflineQuestion): Promise<CheckResponse>;
}

export interface OfflineQuestion {
  readonly timeoutMs: number;
  /** The time to callers' tokens and to policies, since 1970; absent: now. Limits count in real time. */
  readonly atMs?: number | undefined;
  /** Of issuers that were named beforehand. */
  readonly tokens?: readonly GivenToken[];
  readonly grants?: readonly GivenGrant[];
}

/**
 * Decides without a server's help: a server of its own, in this process, on a socket that nobody
 * else knows. So it takes the very road that Envoy's checks take. It counts in memory, because a
 * question must not use up a caller's share, and it records nothing. The tokens of `givenIssuers`
 * are those that questions give, and no others.
 */
export async function createOfflineChecker(
  config: Config,
  givenIssuers: ReadonlySet<string> = new Set(),
): Promise<OfflineChecker> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-'));
  const remove = (): Promise<void> => rm(directory, { recursive: true });
  return undoOnFailure(openIn(directory, config, givenIssuers, remove), remove);
}

async function openIn(
  directory: string,
  config: Config,
  givenIssuers: ReadonlySet<string>,
  remove: () => Promise<void>,
): Promise<OfflineChecker> {
  const given = await GivenTokens.open(config, givenIssuers, directory);
  const clock = new QuestionClock();
  const granted = new GivenGrants();
  const isolated = createIsolatedSurroundings(systemClock, askForKeys);
  const callers = { ...isolated.callers, clock };
  const surroundings = { ...isolated, clock, grants: granted.book, callers };
  const stopAsking = (): void => {
    callers.keyServers.keepOnly([]);
  };
  const keeper = await undoOnFailure(openKeeper(given.config, surroundings), stopAsking);
  const address: ListenAddress = { kind: 'unix', path: join(directory, 'check.sock') };
  const usedRules = new Set<string>();
  const checks = createChecks({
    keeper,
    clock: systemClock,
    recorder: {
      record: ({ check }) => {
        const { service, rule } = check.verdict?.access ?? {};
        if (rule !== undefined) usedRules.add(`${service}/${rule}`);
      },
    },
    observer: { observe: () => {} },
    onFault: faultLog(createStderrLogger(systemClock)),
  });
  const server = createGrpcServer({ ...config.server, address }, [checks], () => {});
  await server.start();
  const client = createCheckClient(address);
  return {
    usedRules,
    async check(request, { timeoutMs, atMs, tokens = [], grants = [] }) {
      clock.atMs = atMs;
      granted.give(grants);
      const shown = await Promise.all(
        tokens.map((token) => given.headerWith(token, clock.nowMs())),
      );
      return client.check(withHeaders(request, shown), { timeoutMs });
    },
    close: () => {
      stopAsking();
      client.close();
      void server.drain().then(remove);
    },
  };
}

async function openKeeper(config: Config, surroundings: GateSurroundings): Promise<GateKeeper> {
  const keeper = valueOf(await GateKeeper.open(config, surroundings));
  const bundles = new PolicyBundles(keeper, systemClock, { checked: () => {} });
  throwProblems([...(await bundles.open()), ...(await bundles.refreshAll())]);
  return keeper;
}

/** The time that a question gives. */
class QuestionClock implements Clock {
  atMs: number | undefined;

  nowMs(): number {
    return this.atMs ?? systemClock.nowMs();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }
}

function withHeaders(
  request: CheckRequest,
  more: readonly (readonly [name: string, value: string])[],
): CheckRequest {
  const { http } = request.attributes.request ?? {};
  if (http === undefined || more.length === 0) return request;
  const headers = { ...http.headers, ...Object.fromEntries(more) };
  return { attributes: { ...request.attributes, request: { http: { ...http, headers } } } };
}
