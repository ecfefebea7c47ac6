import type { Check, CompletedCheck } from '../check/check.ts';
import type { Caller, VerifiedToken } from '../domain/identity/caller.ts';
import { type Decision, Denial } from '../domain/decision/decision.ts';
import { type JsonObject, type JsonValue, withoutLoneSurrogates } from '../domain/json.ts';
import type { LimitState } from '../domain/limits/limit.ts';
import type { Mask } from './mask.ts';
import { timestampOf } from './timestamp.ts';

/** Who writes the records: OPA's `labels`, for example `{ id, version }`. */
export type RecordLabels = Readonly<Record<string, string>>;

/**
 * A decided check as one line of JSON with its line break: an OPA decision-log event, and what
 * OPA's has no field for (docs/decision-record.md).
 */
export function formatRecord(completed: CompletedCheck, mask: Mask, labels: RecordLabels): string {
  const { verdict } = completed.check;
  const { input, result, erased } = mask({
    input: verdict?.input ?? unevaluatedInput(completed.check),
    result: verdict?.result,
  });
  const record = {
    ...summary(completed, labels),
    result,
    erased: erased.length > 0 ? erased : undefined,
    input,
  };
  return `${withoutLoneSurrogates(JSON.stringify(record))}\n`;
}

/** The record of a check whose input or result could not be masked or written: without both. */
export function formatBareRecord(
  completed: CompletedCheck,
  labels: RecordLabels,
  fault: string,
): string {
  return `${JSON.stringify({ ...summary(completed, labels), record_fault: fault })}\n`;
}

/** Something that is no decision: it has an `event`, and no `decision_id`. */
export function formatEvent(
  event: string,
  details: JsonObject,
  labels: RecordLabels,
  atMs: number,
): string {
  return `${JSON.stringify({ labels, timestamp: timestampOf(atMs), event, ...details })}\n`;
}

function summary({ check, decision, policy, durationMs }: CompletedCheck, labels: RecordLabels) {
  const { caller, verdict, limits } = check;
  return {
    labels,
    decision_id: check.id,
    timestamp: timestampOf(check.receivedAtMs),
    bundles: policy.bundles ?? { [policy.name]: { revision: policy.revision } },
    path: policy.path,
    requested_by: sourceAddressOf(check),
    outcome: decision.outcome,
    reason: decision.reason,
    detail: detailOf(decision),
    caller: caller && callerRecord(caller),
    rule: verdict?.rule,
    grant: verdict?.access?.grant,
    reasons: verdict && verdict.reasons.length > 0 ? verdict.reasons : undefined,
    limits: limits?.states.map(limitRecord),
    metrics: metricsOf(check, durationMs),
  };
}

function callerRecord({ principal, source, federated, token, user }: Caller) {
  return {
    principal,
    source,
    federated,
    token: token && tokenRecord(token),
    user: user && tokenRecord(user),
  };
}

/** Enough to find who issued it to whom; never the token. */
function tokenRecord({ issuer, subject, claims }: VerifiedToken) {
  return { issuer, subject, jti: claims['jti'] };
}

function detailOf(decision: Decision): string | undefined {
  return decision instanceof Denial ? decision.detail : undefined;
}

function limitRecord({ name, result, mode, remaining, degraded, override }: LimitState) {
  return { name, result, mode, remaining, degraded, override };
}

/** OPA's names where OPA has the metric. */
function metricsOf(
  { stageMs, verdict }: Check,
  durationMs: number,
): Record<string, number | undefined> {
  return {
    timer_server_handler_ns: nanoseconds(durationMs),
    timer_rego_query_eval_ns: nanoseconds(stageMs.policy),
    timer_sallyport_request_ns: nanoseconds(stageMs.request),
    timer_sallyport_caller_ns: nanoseconds(stageMs.caller),
    timer_sallyport_limits_ns: nanoseconds(stageMs.limits),
    counter_sallyport_policy_fuel: verdict?.fuel,
  };
}

function nanoseconds(durationMs: number | undefined): number | undefined {
  return durationMs === undefined ? undefined : Math.round(durationMs * 1e6);
}

function sourceAddressOf({ request, attributes }: Check): string | undefined {
  const address = request?.sourceAddress ?? attributes?.source?.address?.socketAddress?.address;
  return address === '' ? undefined : address;
}

/** What is known of a check that no policy saw, in the shape in which a policy would have. */
function unevaluatedInput({ attributes }: Check): JsonValue | undefined {
  if (attributes === undefined) return undefined;
  return {
    attributes: objectAsJson(attributes),
    version: { ext_authz: 'v3', encoding: 'protojson' },
  };
}

function objectAsJson(value: object): JsonObject {
  return Object.fromEntries(
    Object.entries(value).map(([name, member]: [string, unknown]) => [name, asJson(member)]),
  );
}

/** Bytes as base64, as protobuf's JSON has them. */
function asJson(value: unknown): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) return objectAsJson(value);
  const isScalar =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  return isScalar ? value : null;
}
