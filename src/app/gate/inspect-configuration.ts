import type { Config } from '../../config/config.ts';
import type { Problem } from '../../config/problem.ts';
import { systemClock } from '../../domain/clock.ts';
import { probeAdminToken } from '../admin/admin-token.ts';
import { createIsolatedSurroundings } from './isolated-surroundings.ts';
import { loadTrust } from '../door/door-keeper.ts';
import { GateKeeper } from './gate-keeper.ts';
import { loadLimiter } from '../limits/load-limiter.ts';
import { problemsOf } from '../../config/loaded.ts';
import { PolicyBundles } from '../policy/policy-bundles.ts';
import { loadRedisSettings } from '../shared-state/redis-settings.ts';

/**
 * The problems that only loading shows: would a server serve what this configuration names? The
 * access document is judged elsewhere.
 */
export async function inspectConfiguration(config: Config): Promise<readonly Problem[]> {
  const surroundings = createIsolatedSurroundings(systemClock);
  const limits = await loadLimiter(config, surroundings.limits);
  // Judged elsewhere: bad ones must not keep the problems of the bundles back.
  const { limits: _limits, access: _access, ...rest } = config;
  const gate = await GateKeeper.open(rest, surroundings);
  // Servers of bundles are not asked: what they have now says little of what they will have.
  const bundles = 'value' in gate ? await bundleProblems(gate.value) : [];
  const redis = config.redis === undefined ? [] : problemsOf(loadRedisSettings(config.redis));
  const token = problemsOf(await probeAdminToken(config.admin));
  const { tls } = config.server;
  const door =
    tls === undefined || tls.workloadApi !== undefined
      ? []
      : problemsOf(loadTrust(tls, systemClock.nowMs()));
  return [...token, ...door, ...problemsOf(limits), ...problemsOf(gate), ...bundles, ...redis];
}

function bundleProblems(keeper: GateKeeper): Promise<readonly Problem[]> {
  return new PolicyBundles(keeper, systemClock, { checked: () => {} }).open();
}
