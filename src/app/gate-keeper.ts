import type { Gate } from '../check/decide.ts';
import type { PolicyEngine } from '../check/ports.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../config/problem.ts';
import { createRequestReader } from '../envoy/request-view.ts';
import { createPeerResolver } from '../identity/peer-resolver.ts';
import type { LimiterSurroundings } from '../limits/limiter.ts';
import { type Loaded, problemsOf } from './loaded.ts';
import { type LoadedLimits, loadLimiter } from './load-limiter.ts';
import { loadPolicy } from './load-policy.ts';

/** What serves now. Replaced whole, so that whoever reads it sees one state of everything. */
export interface Served {
  readonly config: Config;
  readonly policy: PolicyEngine;
  readonly limits: LoadedLimits;
  readonly gate: Gate;
}

/**
 * Keeps the gate through which checks pass. A reload builds what changed aside; only when all of
 * it could be built does one assignment put it in place. Otherwise what served goes on serving,
 * and the problems are returned. Reloads must not overlap.
 */
export class GateKeeper {
  readonly #surroundings: LimiterSurroundings;
  #served: Served;

  private constructor(served: Served, surroundings: LimiterSurroundings) {
    this.#served = served;
    this.#surroundings = surroundings;
  }

  static async open(
    config: Config,
    surroundings: LimiterSurroundings,
  ): Promise<Loaded<GateKeeper>> {
    const built = await buildAll(config, surroundings);
    return 'problems' in built ? built : { value: new GateKeeper(built.value, surroundings) };
  }

  get served(): Served {
    return this.#served;
  }

  /** The header prefix stays: policies must not write what the answers are still made with. */
  async reloadConfig(config: Config): Promise<readonly Problem[]> {
    const { headers } = this.#served.config;
    const built = await buildAll({ ...config, headers }, this.#surroundings);
    if ('value' in built) this.#served = built.value;
    return problemsOf(built);
  }

  async reloadPolicy(): Promise<readonly Problem[]> {
    const policy = await loadPolicy(this.#served.config);
    if ('value' in policy) this.#served = assemble({ ...this.#served, policy: policy.value });
    return problemsOf(policy);
  }

  async reloadLimits(): Promise<readonly Problem[]> {
    const limits = await loadLimiter(this.#served.config, this.#surroundings);
    if ('value' in limits) this.#served = assemble({ ...this.#served, limits: limits.value });
    return problemsOf(limits);
  }
}

async function buildAll(
  config: Config,
  surroundings: LimiterSurroundings,
): Promise<Loaded<Served>> {
  const policy = await loadPolicy(config);
  const limits = await loadLimiter(config, surroundings);
  if ('problems' in policy || 'problems' in limits) {
    return { problems: [...problemsOf(policy), ...problemsOf(limits)] };
  }
  return { value: assemble({ config, policy: policy.value, limits: limits.value }) };
}

function assemble({ config, policy, limits }: Omit<Served, 'gate'>): Served {
  const gate: Gate = Object.freeze({
    requests: createRequestReader({ relaxedPaths: config.insecure.ambiguousPaths }),
    callers: createPeerResolver(config.identity),
    policy,
    limiter: limits.limiter,
  });
  return Object.freeze({ config, policy, limits, gate });
}
