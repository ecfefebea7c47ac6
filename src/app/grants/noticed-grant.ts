import { readGrantOrder, readSignature } from '../../config/access/grant-order.ts';
import { type Grant, isSamePerson } from '../../domain/access/grant.ts';
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
  if (!idForm.test(id) || !isJsonObject(written) || typeof needsApproval !== 'boolean') {
    return undefined;
  }
  const read = readGrantOrder(written);
  if ('problems' in read) return undefined;
  const { lifeMs, ...order } = read.value;
  if (expiresAtMs - postedAtMs !== lifeMs) return undefined;
  const grant = { id, ...order, needsApproval, postedAtMs, expiresAtMs };
  if (approvedBy === undefined) return grant;
  const approval = readSignature({ by: approvedBy });
  if ('problems' in approval || isSamePerson(approval.value.by, order.by)) return undefined;
  return { ...grant, approvedBy: approval.value.by };
}

/** It becomes part of a header. */
const idForm = /^[0-9a-f]{8}$/;
