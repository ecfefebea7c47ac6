/** What somebody gave for a while: it lets through what no rule of the access document does. */
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
  /** It was given under terms by which another person has to approve it. */
  readonly needsApproval: boolean;
  readonly approvedBy?: string;
  /** Milliseconds since 1970, by the clock that all replicas share. */
  readonly postedAtMs: number;
  readonly expiresAtMs: number;
}

/** Under which grants count. */
export interface GrantTerms {
  readonly approval: 'none' | 'required';
  readonly maxDurationMs: number;
}

export const maxGrantMs = 24 * 3_600_000;
export const maxGrants = 100;

/** Whether nothing but its time limits it. */
export function counts(grant: Grant, { approval, maxDurationMs }: GrantTerms): boolean {
  const { needsApproval, approvedBy, by, postedAtMs, expiresAtMs } = grant;
  if (expiresAtMs - postedAtMs > maxDurationMs) return false;
  if (approval === 'none' && !needsApproval) return true;
  return approvedBy !== undefined && !isSamePerson(approvedBy, by);
}

/** Two spellings of one name are one person. */
export function isSamePerson(one: string, other: string): boolean {
  return spelling(one) === spelling(other);
}

function spelling(name: string): string {
  return name.normalize('NFKC').replaceAll(/\s+/gu, '').toLowerCase();
}
