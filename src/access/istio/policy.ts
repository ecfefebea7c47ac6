/** An AuthorizationPolicy of security.istio.io, as far as it was understood. */
export interface IstioPolicy {
  readonly name: string;
  readonly namespace: string;
  readonly action: 'ALLOW' | 'DENY' | 'AUDIT' | 'CUSTOM';
  /** Absent: every workload of the namespace. */
  readonly selector?: ReadonlyMap<string, string>;
  /** It is attached to something else than workloads. */
  readonly hasTargets: boolean;
  /** Istio says what it would decide, and does not. */
  readonly isDryRun: boolean;
  readonly rules: readonly IstioRule[];
}

/** Matches when one of `from` does (or there is none), one of `to` (likewise), and all of `when`. */
export interface IstioRule {
  readonly from: readonly (readonly IstioCondition[])[];
  readonly to: readonly (readonly IstioCondition[])[];
  readonly when: readonly IstioCondition[];
}

/** One field of a source or an operation, or one side of an entry of `when`. */
export interface IstioCondition {
  /** `principals`, `paths`, `request.headers[x-tenant]`; also what nobody knows. */
  readonly key: string;
  readonly values: readonly string[];
  /** Of `notPrincipals`, `notValues`: it holds when none of the values fits. */
  readonly negated: boolean;
}

/** A Deployment or the like: which labels its pods have, and who they are. */
export interface Workload {
  readonly namespace: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly serviceAccount: string;
}
