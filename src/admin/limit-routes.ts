import type { JsonObject } from '../domain/json.ts';
import type {
  BucketAddress,
  BucketReport,
  BucketState,
  Offender,
} from '../domain/limits/limit-bucket.ts';
import { type AdminAnswer, json, plain } from './answers.ts';
import { addressFrom } from './bucket-address.ts';
import { answerOf, type OperationOutcome } from './operation-outcome.ts';
import type { Answer, Route } from './route.ts';

/** The endpoints of `LimitOperations`, which docs/admin.md documents. */
export const limitRoutes: readonly Route[] = [
  { path: '/v1/limits/show', method: 'POST', access: 'local', takesBody: true, answer: show },
  { path: '/v1/limits/reset', method: 'POST', access: 'token', takesBody: true, answer: reset },
  { path: '/v1/limits/offenders', method: 'GET', access: 'local', answer: offenders },
  { path: '/v1/limits/overrides', method: 'GET', access: 'local', answer: overrides },
  {
    path: '/v1/limits/overrides',
    method: 'POST',
    access: 'token',
    takesBody: true,
    answer: addOverride,
  },
  {
    path: '/v1/limits/overrides/{name}',
    method: 'DELETE',
    access: 'token',
    answer: removeOverride,
  },
];

function show(...[{ limits }, { body }]: Parameters<Answer>): Promise<AdminAnswer> {
  return ofAddress(body, (address) => limits.show(address));
}

function reset(...[{ limits }, { body, peer }]: Parameters<Answer>): Promise<AdminAnswer> {
  return ofAddress(body, (address) => limits.reset(address, peer));
}

function offenders(...[{ limits }]: Parameters<Answer>): AdminAnswer {
  return json({ offenders: limits.offenders().map(offenderDocument) });
}

function overrides(...[{ limits }]: Parameters<Answer>): AdminAnswer {
  return json({ overrides: limits.overrides() });
}

async function addOverride(...[{ limits }, { body, peer }]: Parameters<Answer>) {
  return answerOf(await limits.addOverride(body, peer), (override) => override);
}

async function removeOverride(...[{ limits }, { name, peer }]: Parameters<Answer>) {
  return answerOf(await limits.removeOverride(name, peer), (removed) => removed);
}

async function ofAddress(
  body: JsonObject,
  work: (address: BucketAddress) => Promise<OperationOutcome<BucketReport>>,
): Promise<AdminAnswer> {
  const address = addressFrom(body);
  return typeof address === 'string'
    ? plain(400, address)
    : answerOf(await work(address), reportDocument);
}

function reportDocument({ buckets, unaddressed }: BucketReport): JsonObject {
  return {
    buckets: buckets.map(bucketDocument),
    unaddressed: unaddressed.map(({ limit, missing }) => ({ limit, missing })),
  };
}

/** `null`: a request of the usual cost will never fit. */
function bucketDocument({ retryAfterMs, ...bucket }: BucketState): JsonObject {
  return { ...bucket, retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : null };
}

function offenderDocument({ limit, counted, denied, overcount }: Offender): JsonObject {
  return { limit, counted, denied, overcount };
}
