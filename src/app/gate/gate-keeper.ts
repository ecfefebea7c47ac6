import { isDeepStrictEqual } from 'node:util';
import { compileMask, type Mask } from '../../audit/mask.ts';
import type { Gate } from '../../check/decide.ts';
import type { CallerResolver, PolicyEngine } from '../../check/ports.ts';
import type { Config } from '../../config/config.ts';
import type { Problem } from '../../config/problem.ts';
import type { Clock } from '../../domain/clock.ts';
import type { IdentitySettings } from '../../domain/identity/identity-settings.ts';
import type { GrantBook } from '../../grants/grant-book.ts';
import { createRequestReader } from '../../envoy/request-view.ts';
import type { BucketSurroundings } from '../../limits/buckets.ts';
import type { PolicyBundle } from '../../policy/policy-bundle.ts';
import type { AccessPolicy } from '../../policy/access-policy.ts';
import { createWaitingPolicy } from '../../policy/waiting-policy.ts';
import { createBothPolicies } from '../../policy/both-policies.ts';
import { buildPolicy } from '../policy/build-policy.ts';
import { loadAccessPolicy } from '../access/load-access.ts';
import { type CallerSurroundings, loadCallers } from '../callers/load-callers.ts';
import { type Loaded, loadedFrom, problemsOf } from '../../config/loaded.ts';
import { type LoadedLimits, loadLimiter } from '../limits/load-limiter.ts';
import { OutsideKeeper } from '../policy/outside-keeper.ts';

/** What serves now. Replaced whole, so that whoever reads it sees one state of everything. */
export interface Served {
  readonly config: Config;
  /** What the bundles' policy was made of; undefined until they have come, or if there are none. */
  readonly bundle: PolicyBundle | undefined;
  readonly callers: CallerResolver;
  /** The bundles and the access document, as far as there are such. */
  readonly engines: Engines;
  /** What they decide together. */
  readonly policy: PolicyEngine;
  /** Bundles are still to come, and until then every check is denied. */
  readonly isWaiting: boolean;
  readonly limits: LoadedLimits;
  /** What the records of its decisions must not hold. */
  readonly mask: Mask;
  readonly gate: Gate;
}

interface Engines {
  readonly access: AccessPolicy | undefined;
  readonly bundled: PolicyEngine | undefined;
}

function policyOf({ access, bundled }: Engines): PolicyEngine {
  if (access !== undefined && bundled !== undefined) return createBothPolicies(access, bundled);
  return access ?? bundled ?? denyAll;
}

/** A configuration without either would not be valid; nothing decides then, so everything is denied. */
const denyAll = createWaitingPolicy({ name: 'none', decision: 'none' });

/** What the parts of the gate work with. It all outlives them. */
export interface GateSurroundings {
  /** The time that policies see. */
  readonly clock: Clock;
  readonly callers: CallerSurroundings;
  readonly limits: BucketSurroundings;
  readonly grants: GrantBook;
}

/**
 * Keeps the gate through which checks pass. A reload builds what changed aside; only when all of
 * it could be built does one assignment put it in place. Otherwise what served goes on serving,
 * and the problems are returned. Reloads take place one after another.
 */
export class GateKeeper {
  readonly #surroundings: GateSurroundings;
  readonly #outside: OutsideKeeper;
  #served: Served;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(served: Served, surroundings: GateSurroundings, outside: OutsideKeeper) {
    this.#served = served;
    this.#outside = outside;
    this.#surroundings = surroundings;
  }

  /** Denies everything until it is given a policy. */
  static async open(
    config: Config,
    surroundings: GateSurroundings,
    outside = new OutsideKeeper(),
  ): Promise<Loaded<GateKeeper>> {
    const built = await buildAll(config, undefined, surroundings, outside);
    if ('problems' in built) return built;
    return { value: new GateKeeper(built.value, surroundings, outside) };
  }

  get served(): Served {
    return this.#served;
  }

  /** Rejects with a sentence when the bundle cannot serve. */
  usePolicy(bundle: PolicyBundle): Promise<void> {
    return this.#inTurn(async () => {
      const { clock } = this.#surroundings;
      const bundled = await buildPolicy(this.#served.config, bundle, this.#outside, clock);
      const engines = { ...this.#served.engines, bundled };
      this.#served = assemble({ ...this.#served, bundle, engines });
    });
  }

  /** The same bundle, with other limits, identities, decisions, … */
  reloadConfig(config: Config): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const wanted = this.#withOwnHeaders(config);
      const built = await buildAll(wanted, this.#served, this.#surroundings, this.#outside);
      if ('value' in built) this.#served = built.value;
      return problemsOf(built);
    });
  }

  reloadAccess(): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const access = await loadAccessPolicy(this.#served.config, this.#surroundings);
      if ('value' in access) {
        const engines = { ...this.#served.engines, access: access.value };
        this.#served = assemble({ ...this.#served, engines });
      }
      return problemsOf(access);
    });
  }

  /** The same configuration, with the keys of issuers as their files have them now. */
  reloadCallers(): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const callers = await loadCallers(this.#served.config.identity, this.#surroundings.callers);
      if ('value' in callers) this.#served = assemble({ ...this.#served, callers: callers.value });
      return problemsOf(callers);
    });
  }

  reloadLimits(): Promise<readonly Problem[]> {
    return this.#inTurn(async () => {
      const limits = await loadLimiter(this.#served.config, this.#surroundings.limits);
      if ('value' in limits) this.#served = assemble({ ...this.#served, limits: limits.value });
      return problemsOf(limits);
    });
  }

  /** Another keeper for another configuration, to be tried out before it is adopted. */
  openAside(config: Config): Promise<Loaded<GateKeeper>> {
    return GateKeeper.open(this.#withOwnHeaders(config), this.#surroundings, this.#outside);
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
  before: Served | undefined,
  surroundings: GateSurroundings,
  outside: OutsideKeeper,
): Promise<Loaded<Served>> {
  const bundle = before?.bundle;
  const callers = await callersFor(config, before, surroundings);
  const bundled = await loadedFrom('policy', () =>
    buildPolicy(config, bundle, outside, surroundings.clock),
  );
  const access = await loadAccessPolicy(config, surroundings);
  const limits = await loadLimiter(config, surroundings.limits);
  const mask = await loadedFrom('audit', () =>
    compileMask(config.audit.mask, tokenHeaders(config.identity)),
  );
  if (
    'problems' in callers ||
    'problems' in bundled ||
    'problems' in access ||
    'problems' in limits ||
    'problems' in mask
  ) {
    return { problems: [callers, bundled, access, limits, mask].flatMap(problemsOf) };
  }
  const engines = { access: access.value, bundled: bundled.value };
  const parts = { callers: callers.value, engines, limits: limits.value, mask: mask.value };
  return { value: assemble({ config, bundle, ...parts }) };
}

/**
 * They remember the tokens that were verified: to verify those of everybody anew at once would take
 * more than `identity.maxVerifications`. Their files have a watch of their own.
 */
async function callersFor(
  { identity }: Config,
  before: Served | undefined,
  surroundings: GateSurroundings,
): Promise<Loaded<CallerResolver>> {
  if (before !== undefined && isDeepStrictEqual(before.config.identity, identity)) {
    return { value: before.callers };
  }
  return loadCallers(identity, surroundings.callers);
}

/** What comes in them is as good as a password while it lasts. */
function tokenHeaders({ jwt }: IdentitySettings): readonly string[] {
  return jwt.map(({ header }) => header);
}

type Parts = Omit<Served, 'gate' | 'policy' | 'isWaiting'>;

function assemble({ config, bundle, callers, engines, limits, mask }: Parts): Served {
  const policy = policyOf(engines);
  const gate: Gate = Object.freeze({
    requests: createRequestReader({ relaxedPaths: config.insecure.ambiguousPaths }),
    callers,
    policy,
    limiter: limits.limiter,
  });
  const isWaiting = bundle === undefined && config.policy.bundles.length > 0;
  return Object.freeze({ config, bundle, callers, engines, policy, isWaiting, limits, mask, gate });
}
