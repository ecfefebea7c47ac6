import type { Caller } from '../../../domain/identity/caller.ts';
import { Denial } from '../../../domain/decision/decision.ts';
import { assignedPart } from '../../../domain/ip-address.ts';
import type { RequestView } from '../../../domain/request/request.ts';

/** On whose account a token is verified. */
export interface Payer {
  readonly name: string;
  /** Of all whom nobody knows, one: addresses are cheap, and names that are proven are not. */
  readonly group: string;
}

const strangers = '';

/** A peer pays by its proven name, a stranger by where it comes from. */
export function payerOf(peer: Caller | Denial, { sourceAddress }: RequestView): Payer {
  return peer instanceof Denial
    ? { name: assignedPart(sourceAddress), group: strangers }
    : { name: peer.principal, group: peer.principal };
}

export function isStranger({ group }: Payer): boolean {
  return group === strangers;
}
