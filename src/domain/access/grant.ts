/** Access that somebody gave for a while, to requests that no rule of the access document matches. */
export interface Grant {
  readonly id: string;
  /** The caller, exactly. */
  readonly from: string;
  /** A service of the access document. */
  readonly to: string;
  readonly methods: readonly string[];
  /** Absent: every path. */
  readonly paths?: readonly string[];
  readonly reason: string;
  readonly by: string;
  /** Whether the terms asked for the approval of another person when it was added. */
  readonly needsApproval: boolean;
  /** Another person than `by`. */
  readonly approvedBy?: string;
  /** Milliseconds since 1970, by the clock that all replicas share. */
  readonly postedAtMs: number;
  readonly expiresAtMs: number;
}

/** The terms under which grants count. */
export interface GrantTerms {
  readonly approval: 'none' | 'required';
  readonly maxDurationMs: number;
}

export const maxGrantMs = 24 * 3_600_000;
export const maxGrants = 100;

export const grantStates = ['counts', 'awaits_approval', 'too_long', 'no_service'] as const;
/** What a grant is on one replica. */
export type GrantState = (typeof grantStates)[number];

/** For people. */
export const grantStateTexts: Readonly<Record<GrantState, string>> = {
  counts: 'counts',
  awaits_approval: 'waits for approval',
  too_long: 'does not count here: longer than grants.maxDuration',
  no_service: 'does not count here: no such service in the access document',
};

/** What a grant is under these terms, as long as it has not expired. */
export function stateUnder(
  { approval, maxDurationMs }: GrantTerms,
  { needsApproval, approvedBy, postedAtMs, expiresAtMs }: Grant,
): Exclude<GrantState, 'no_service'> {
  if (expiresAtMs - postedAtMs > maxDurationMs) return 'too_long';
  const isApproved = approvedBy !== undefined || (approval === 'none' && !needsApproval);
  return isApproved ? 'counts' : 'awaits_approval';
}

/** Two spellings of one name are one person. */
export function isSamePerson(one: string, other: string): boolean {
  return spelling(one) === spelling(other);
}

function spelling(name: string): string {
  return name.normalize('NFKC').replaceAll(/\s+/gu, '').toLowerCase();
}
