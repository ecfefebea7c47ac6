import type { Caller } from '../identity/caller.ts';
import type { Decision } from './decision.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { RequestView } from '../request/request.ts';

/** What a policy is asked: may this caller make this request. */
export interface PolicyQuestion {
  readonly request: RequestView;
  /** Undefined when nobody was identified and the configuration lets the policy decide. */
  readonly caller: Caller | undefined;
}

/** A limit that a policy's result adds to the request. */
export interface LimitRequest {
  readonly name: string;
  /** Replaces the limit's own `by`. */
  readonly key?: string;
  readonly cost?: number;
}

/** What a policy answered, with everything an auditor may ask about it. */
export interface PolicyVerdict {
  readonly decision: Decision;
  /**
   * The document that the policy was asked about; what it cannot read of it, it was not given.
   * Undefined when there was no evaluation, for example because the body could not be parsed.
   */
  readonly input: JsonObject | undefined;
  /** The result as the policy gave it; undefined when it was undefined or never came. */
  readonly result: JsonValue | undefined;
  readonly rule: string | undefined;
  readonly reasons: readonly string[];
  readonly limits: readonly LimitRequest[];
  /** By which rule the access document decided, and of which service; absent where none is asked. */
  readonly access?: AccessFinding;
  /** Which policy answered, where a route chose it. */
  readonly policy?: PolicyIdentity;
  /** What the evaluation took, in units that do not depend on the machine. */
  readonly fuel?: number;
}

/** Both are undefined when no service is known by what the request says. */
export interface AccessFinding {
  readonly service: string | undefined;
  /** Undefined when no rule matched. */
  readonly rule: string | undefined;
  /** The grant by which it was allowed all the same. */
  readonly grant?: string;
}

/** Which policy decides: for headers, records and metrics. */
export interface PolicyIdentity {
  /** The bundle's name, for example `example`. */
  readonly name: string;
  readonly revision: string;
  /** The decision's path, for example `envoy/authz/allow`. */
  readonly path: string;
  /** Where several bundles decide together: the revision of each by its name, as OPA records it. */
  readonly bundles?: Readonly<Record<string, { readonly revision: string }>>;
}
