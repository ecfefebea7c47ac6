import { readGrantOrder } from '../../config/access/grant-order.ts';
import { type Grant, isSamePerson } from '../../domain/grant.ts';
import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import type { Notice } from '../../shared-state/notice.ts';

/** What a notice of a grant says; `order` is as it was written. */
export function contentOf(order: JsonObject, needsApproval: boolean): JsonObject {
  return { order, needsApproval };
}

/** @throws {RangeError} saying why it is not this person's to approve. */
export function approvedContent(content: JsonObject, approver: string): JsonObject {
  const { order, approvedBy } = content;
  if (approvedBy !== undefined) {
    throw new RangeError(`It is approved already, by ${JSON.stringify(approvedBy)}`);
  }
  const by = isJsonObject(order) ? order['by'] : undefined;
  if (typeof by !== 'string' || isSamePerson(by, approver)) {
    throw new RangeError(`by: ${approver} has asked for it; another person has to approve it`);
  }
  return { ...content, approvedBy: approver };
}

/** Undefined where another version of Sallyport, or somebody else, has written it. */
export function noticedGrant({ id, content, postedAtMs, expiresAtMs }: Notice): Grant | undefined {
  const { order: written, needsApproval, approvedBy } = content;
  if (!isJsonObject(written) || typeof needsApproval !== 'boolean') return undefined;
  const read = readGrantOrder(written);
  if ('problems' in read) return undefined;
  const { lifeMs, ...order } = read.order;
  if (expiresAtMs - postedAtMs !== lifeMs) return undefined;
  return {
    id,
    ...order,
    needsApproval,
    ...(typeof approvedBy === 'string' && { approvedBy }),
    postedAtMs,
    expiresAtMs,
  };
}

/** For logs, records and programs. */
export function describeGrant(
  grant: Grant,
): Readonly<Record<string, string | boolean | readonly string[]>> {
  const { postedAtMs, expiresAtMs, ...said } = grant;
  return {
    ...said,
    postedAt: new Date(postedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}
