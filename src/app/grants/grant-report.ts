import { type Grant, type GrantState, grantStateTexts } from '../../domain/access/grant.ts';

/** A grant, and what it is on this replica. */
export interface GrantReport {
  readonly grant: Grant;
  readonly state: GrantState;
  /** How many requests it has let through here. */
  readonly uses: number;
}

type Details = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** For logs, records and programs. */
export function describeGrant({ postedAtMs, expiresAtMs, ...said }: Grant): Details {
  return { ...said, postedAt: timeText(postedAtMs), expiresAt: timeText(expiresAtMs) };
}

export function describeReport({ grant, state, uses }: GrantReport): Details {
  return { ...describeGrant(grant), state, uses };
}

/** For the admin page. */
export function reportText({ grant, state, uses }: GrantReport): string {
  const { from, to, methods, paths = ['every path'], expiresAtMs, by, approvedBy, reason } = grant;
  return [
    `${from} to ${to}: ${methods.join(', ')} ${paths.join(', ')}`,
    `${grantStateTexts[state]}; ends ${timeText(expiresAtMs)}`,
    `by ${by}${approvedBy === undefined ? '' : `, approved by ${approvedBy}`}: ${reason}`,
    `used ${uses} times here`,
  ].join('; ');
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
