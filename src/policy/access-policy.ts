import type { PolicyEngine } from '../check/ports.ts';
import type { Clock } from '../domain/clock.ts';
import { Denial } from '../domain/decision/decision.ts';
import { isJsonObject } from '../domain/json.ts';
import type { PolicyVerdict } from '../domain/decision/policy.ts';
import type { PolicyBundle } from './policy-bundle.ts';
import { createPolicyEngine, loadPolicyEngine } from './wasm-engine.ts';

/** An access document as src/access/index makes it ready. */
export interface IndexedAccess {
  /** JSON in UTF-8. */
  readonly index: Uint8Array;
  readonly revision: string;
  /** Their names. */
  readonly services: readonly string[];
}

/** Decides by an access document. */
export interface AccessPolicy extends PolicyEngine {
  /** Their names. */
  readonly services: readonly string[];
}

export interface AccessPolicyOptions {
  /** Whose time rules have; absent: the system's. */
  readonly clock?: Clock;
  readonly maxFuel: number;
  readonly reservedHeaderPrefix: string;
}

/** A smaller index is made ready here: the module is our own, and in some milliseconds. */
const maxHereBytes = 256 * 1024;

/** Evaluates an access document with policies/access, compiled. Rejects with a BundleError. */
export async function createAccessPolicy(
  { modules }: PolicyBundle,
  { index, revision, services }: IndexedAccess,
  options: AccessPolicyOptions,
): Promise<AccessPolicy> {
  const load = index.length <= maxHereBytes ? createPolicyEngine : loadPolicyEngine;
  const engine = await load(
    { revision, modules, data: [{ path: ['access'], json: index }] },
    'sallyport/access/decision',
    {
      ...options,
      name: 'access',
      // It asks nothing of bodies, so one that cannot be read is nothing to it.
      skipRequestBodyParse: true,
      maxBodyBytes: 0,
    },
  );
  return {
    identity: engine.identity,
    services,
    evaluate(question, deadlineMs) {
      const verdict = engine.evaluate(question, deadlineMs);
      return verdict instanceof Promise ? verdict.then(explained) : explained(verdict);
    },
  };
}

/** A denial that no rule asked for has a reason code of its own. */
function explained(verdict: PolicyVerdict): PolicyVerdict {
  const { decision, result, rule } = verdict;
  const service = isJsonObject(result) ? result['service'] : undefined;
  const access = { service: typeof service === 'string' ? service : undefined, rule };
  return decision.reason === 'policy_denied' && rule === undefined
    ? { ...verdict, access, decision: new Denial('no_rule', decision.detail) }
    : { ...verdict, access };
}
