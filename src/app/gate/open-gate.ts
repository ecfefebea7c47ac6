import type { CheckObserver } from '../../check/ports.ts';
import type { Config } from '../../config/config.ts';
import { createBundleNews } from '../policy/bundle-news.ts';
import { createCallerSurroundings } from '../callers/caller-surroundings.ts';
import { GateKeeper } from './gate-keeper.ts';
import { createLimitCounts, type LimitCounts } from '../limits/limit-counts.ts';
import { AccessGrants } from '../grants/access-grants.ts';
import type { Journal } from '../logs/journal.ts';
import { LimitOverrides } from '../limits/limit-overrides.ts';
import type { CallerSurroundings } from '../callers/load-callers.ts';
import { throwProblems, valueOf } from '../../config/loaded.ts';
import { undoOnFailure } from '../undo-on-failure.ts';
import { PolicyBundles } from '../policy/policy-bundles.ts';
import { trackCertificates } from '../policy/track-certificates.ts';
import { openSharedState } from '../shared-state/shared-state.ts';
import type { Surroundings } from '../surroundings.ts';

/** What decides, and what keeps it up to date. */
export interface OpenGate {
  readonly keeper: GateKeeper;
  readonly bundles: PolicyBundles;
  readonly callers: CallerSurroundings;
  readonly counts: LimitCounts;
  readonly overrides: LimitOverrides;
  readonly grants: AccessGrants;
  readonly observer: CheckObserver;
  /** Begins to look at what other replicas are told. */
  start(journal: Journal): void;
  close(): void;
}

/** Rejects with every problem of local files. */
export async function openGate(
  config: Config,
  { clock, log, telemetry }: Surroundings,
  onChecked: () => void,
): Promise<OpenGate> {
  const shared = await openSharedState(config.redis, clock, log, telemetry);
  const onChange = (): void => {
    counts.forget();
  };
  const board = shared.board('overrides');
  const overrides = new LimitOverrides({ board, clock, log, onChange });
  const counts = createLimitCounts(shared, clock, log, () => overrides.current);
  const grants = new AccessGrants({ board: shared.board('grants'), clock, log });
  telemetry.trackGrants(() => grants.count());
  shared.onConnected(() => {
    overrides.lookNow();
    grants.lookNow();
  });
  const callers = createCallerSurroundings(shared, { clock, log, telemetry });
  const open = async () => {
    const surroundings = { clock, callers, limits: counts.surroundings, grants: grants.book };
    const keeper = valueOf(await GateKeeper.open(config, surroundings));
    const news = createBundleNews(log, telemetry, onChecked);
    const bundles = new PolicyBundles(keeper, clock, news);
    throwProblems(await bundles.open());
    telemetry.trackBundles(() => bundles.status());
    trackCertificates(telemetry.certificates, 'bundle', () => bundles.certificates());
    return { keeper, bundles };
  };
  const close = (): void => {
    callers.keyServers.keepOnly([]);
    overrides.stop();
    grants.stop();
    counts.stop();
    shared.close();
  };
  const start = (journal: Journal): void => {
    overrides.start(journal);
    grants.start(journal);
    counts.start();
  };
  const observer = observedBy(telemetry.observer, grants.held);
  const parts = { callers, counts, overrides, grants, observer };
  return { ...(await undoOnFailure(open(), close)), ...parts, start, close };
}

function observedBy(first: CheckObserver, second: CheckObserver): CheckObserver {
  return {
    observe(completed) {
      first.observe(completed);
      second.observe(completed);
    },
  };
}
