import type { GrantState } from '../../domain/access/grant.ts';

/** What every replica writes down when it sees it. */
export type SeenEvent =
  | 'grant_requested'
  | 'grant_began'
  | 'grant_too_long'
  | 'grant_suspended'
  | 'grant_expired'
  | 'grant_ended';
/** What the replica that was asked writes down, with who asked. */
export type AskedEvent = 'grant_added' | 'grant_approved' | 'grant_revoked';

export const grantSentences: Readonly<Record<SeenEvent | AskedEvent, string>> = {
  grant_requested: 'a grant waits to be approved',
  grant_began: 'a grant counts',
  grant_too_long: 'a grant does not count here: it is for longer than grants.maxDuration',
  grant_suspended: 'a grant counts here no longer, by what grants or access now say',
  grant_expired: 'a grant has expired',
  grant_ended: 'a grant has ended before its time',
  grant_added: 'a grant was added, as was asked',
  grant_approved: 'a grant was approved, as was asked',
  grant_revoked: 'a grant was revoked, as was asked',
};

/** Undefined: there is nothing to tell. `before`: undefined for a grant that is new, or that says something else now. */
export function eventOfChange(
  before: GrantState | undefined,
  state: GrantState,
): SeenEvent | undefined {
  if (state === before) return undefined;
  return before === 'counts' ? 'grant_suspended' : arrivals[state];
}

/** A grant for a service that is not here is for others, who share the Redis. */
const arrivals: Readonly<Record<GrantState, SeenEvent | undefined>> = {
  counts: 'grant_began',
  awaits_approval: 'grant_requested',
  too_long: 'grant_too_long',
  no_service: undefined,
};
