import { compileMask, type Mask } from '../audit/mask.ts';
import type { Gate } from '../check/decide.ts';
import type { PolicyEngine } from '../check/ports.ts';
import type { Config } from '../config/config.ts';
import type { Problem } from '../config/problem.ts';
import { createRequestReader } from '../envoy/request-view.ts';
import { createPeerResolver } from '../identity/peer-resolver.ts';
import type { LimiterSurroundings } from '../limits/limiter.ts';
import type { PolicyBundle } from '../policy/bundle.ts';
import { buildPolicy } from './build-policy.ts';
import { type Loaded, loadedFrom, problemsOf } from './loaded.ts';
import { type LoadedLimits, loadLimiter } from './load-limiter.ts';

/** What serves now. Replaced whole, so that whoever reads it sees one state of everything. */
export interface Served {
  readonly config: Config;
  /** What the policy was made of; undefined until the bundles have come. */
  readonly bundle: PolicyBundle | undefined;
  readonly policy: PolicyEngine;
  readonly limits: LoadedLimits;
  /** What the records of its decisions must not hold. */
  readonly mask: Mask;
  readonly gate: Gate;
}

/**
 * Keeps the gate through which checks pass. A reload builds what changed aside; only when all of
 * it could be built does one assignment put it in place. Otherwise what served goes on serving,
 * and the problems are returned. Reloads take place one after another.
 */
export class GateKeeper {
  readonly #surroundings: LimiterSurroundings;
  #served: Served;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(served: Served, surroundings: LimiterSurroundings) {
    this.#served = served;
    this.#surroundings = surroundings;
  }

  /** Denies everything until it is given a policy. */
  static async open(
    config: Config,
    surroundings: LimiterSurroundings,
  ): Promise<Loaded<GateKeeper>> {
    const built = await buildAll(config, undefined, surroundings);
    return 'problems' in built ? built : { value: new GateKeeper(built.value, surroundings) };
  }

  get served(): Served {
    return this.#served;
  }

  /** Rejects with a sentence when the bundle cannot serve. */
  usePolicy(bundle: PolicyBundle): Promise<void> {
    return this.#inTurn(async () => {
      const policy = await buildPolicy(this.#served.config, bundle);
      this.#served = assemble({ ...this.#served, bundle, policy });
    });
  }

  /** The same bundle, with other limits, identities, decisions, … */
  reloadConfig(config: Config): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const wanted = this.#withOwnHeaders(config);
      const built = await buildAll(wanted, this.#served.bundle, this.#surroundings);
      if ('value' in built) this.#served = built.value;
      return problemsOf(built);
    });
  }

  reloadLimits(): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const limits = await loadLimiter(this.#served.config, this.#surroundings);
      if ('value' in limits) this.#served = assemble({ ...this.#served, limits: limits.value });
      return problemsOf(limits);
    });
  }

  /** Another keeper for another configuration, to be tried out before it is adopted. */
  openAside(config: Config): Promise<Loaded<GateKeeper>> {
    return GateKeeper.open(this.#withOwnHeaders(config), this.#surroundings);
  }

  adopt(aside: GateKeeper): Promise<void> {
    return this.#inTurn(() => {
      this.#served = aside.served;
      return Promise.resolve();
    });
  }

  /** The header prefix stays: policies must not write what the answers are still made with. */
  #withOwnHeaders(config: Config): Config {
    return { ...config, headers: this.#served.config.headers };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

async function buildAll(
  config: Config,
  bundle: PolicyBundle | undefined,
  surroundings: LimiterSurroundings,
): Promise<Loaded<Served>> {
  const policy = await loadedFrom('policy', () => buildPolicy(config, bundle));
  const limits = await loadLimiter(config, surroundings);
  const mask = await loadedFrom('audit', () => compileMask(config.audit.mask));
  if ('problems' in policy || 'problems' in limits || 'problems' in mask) {
    return { problems: [policy, limits, mask].flatMap(problemsOf) };
  }
  const parts = { policy: policy.value, limits: limits.value, mask: mask.value };
  return { value: assemble({ config, bundle, ...parts }) };
}

function assemble({ config, bundle, policy, limits, mask }: Omit<Served, 'gate'>): Served {
  const gate: Gate = Object.freeze({
    requests: createRequestReader({ relaxedPaths: config.insecure.ambiguousPaths }),
    callers: createPeerResolver(config.identity),
    policy,
    limiter: limits.limiter,
  });
  return Object.freeze({ config, bundle, policy, limits, mask, gate });
}
