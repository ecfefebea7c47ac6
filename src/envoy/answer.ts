import type { CompletedCheck } from '../check/check.ts';
import type { Caller } from '../domain/identity/caller.ts';
import type { Allowance, Decision, Denial, HeaderField } from '../domain/decision/decision.ts';
import { decisionFault } from '../domain/decision/decision-fault.ts';
import type { JsonValue } from '../domain/json.ts';
import type { LimitState, RateLimitDialect } from '../domain/limits/limit.ts';
import { denied } from '../domain/decision/reason.ts';
import { type AuditHeaders, createAuditHeaders } from './audit-headers.ts';
import {
  type AllowResponse,
  type CheckResponse,
  denialCodes,
  type DenyResponse,
  type HeaderMutation,
} from './check-response.ts';
import { rateLimitFields, retryAfterFields } from './rate-limit-fields.ts';

/**
 * The one place where answers are made. Throws for what cannot be said on the wire, which the
 * policy engine has refused before.
 */
export function createAnswerer(options: {
  /** For example `x-sallyport-`. */
  readonly headerPrefix: string;
  readonly rateLimit?: RateLimitDialect;
}): (completed: CompletedCheck) => CheckResponse {
  const audit = createAuditHeaders(options.headerPrefix);
  const { rateLimit = 'draft-10' } = options;
  return (completed) => {
    const { decision } = completed;
    const fault = decisionFault(decision, audit.isReserved);
    if (fault !== undefined) throw new Error(fault);
    return decision.outcome === 'allow'
      ? allow(completed, decision, audit, rateLimit)
      : deny(completed, decision, audit, rateLimit);
  };
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({});

function allow(
  completed: CompletedCheck,
  allowance: Allowance,
  audit: AuditHeaders,
  dialect: RateLimitDialect,
): AllowResponse {
  const { check } = completed;
  const { edits } = allowance;
  const auditFields = audit.forUpstream(completed);
  return {
    outcome: 'allow',
    requestHeaders: [...joined(edits.requestHeaders), ...auditFields],
    requestHeadersToRemove: [
      ...audit.toRemove(check.request?.headers ?? noHeaders, auditFields),
      ...edits.requestHeadersToRemove,
      ...tokenHeaders(check.caller, edits.requestHeaders),
    ],
    responseHeaders: [
      { name: audit.decisionId, value: check.id },
      ...rateLimitFields(check.limits?.states ?? [], dialect),
      ...besideEachOther(edits.responseHeaders),
    ],
    queryParametersToSet: edits.queryParametersToSet,
    queryParametersToRemove: edits.queryParametersToRemove,
    metadata: metadataOf(completed, allowance),
  };
}

/** Those of tokens that are not for the upstream, where the policy has put nothing else in them. */
function tokenHeaders(caller: Caller | undefined, set: readonly HeaderField[]): readonly string[] {
  const names = [caller?.token?.keptFromUpstream, caller?.user?.keptFromUpstream];
  return names
    .filter((name) => name !== undefined)
    .filter((name) => !set.some((field) => field.name.toLowerCase() === name));
}

function deny(
  completed: CompletedCheck,
  denial: Denial,
  audit: AuditHeaders,
  dialect: RateLimitDialect,
): DenyResponse {
  const { check } = completed;
  const { reason, response } = denial;
  const httpStatus = response?.httpStatus ?? denied[reason].httpStatus;
  const body = response?.body ?? problem(denial, httpStatus, check.id);
  return {
    outcome: 'deny',
    code: denialCodes[reason],
    reason,
    httpStatus,
    headers: [
      { name: audit.decisionId, value: check.id },
      { name: audit.reason, value: reason },
      ...challengeFields(reason),
      ...(reason === 'rate_limited' ? limitFields(check.limits?.states ?? [], dialect) : []),
      ...denialFields(denial),
    ],
    body,
    metadata: metadataOf(completed, denial),
  };
}

function challengeFields(reason: Denial['reason']): HeaderField[] {
  const { challenge } = denied[reason];
  return challenge === undefined ? [] : [{ name: 'www-authenticate', value: challenge }];
}

function limitFields(states: readonly LimitState[], dialect: RateLimitDialect): HeaderField[] {
  return [...retryAfterFields(states), ...rateLimitFields(states, dialect)];
}

/** The body and its content type are the policy's, or both are ours. */
function denialFields({ response }: Denial): readonly HeaderField[] {
  const fields = response?.headers ?? [];
  if (response?.body !== undefined) return fields;
  return [
    ...fields.filter(({ name }) => name.toLowerCase() !== 'content-type'),
    { name: 'content-type', value: 'application/problem+json' },
  ];
}

/** RFC 9457. Says which kind of refusal it was, and nothing of the policy's inside. */
function problem({ reason }: Denial, status: number, decisionId: string): string {
  const type = `urn:sallyport:reason:${reason}`;
  const { title } = denied[reason];
  return JSON.stringify({ type, title, status, reason, decision_id: decisionId });
}

/**
 * Headers on the request replace what the client sent, so of two with one name Envoy would keep
 * the last: they are joined into one (RFC 9110 §5.3; cookies, RFC 9113 §8.2.3).
 */
function joined(fields: readonly HeaderField[]): readonly HeaderField[] {
  if (fields.length < 2) return fields;
  const values = new Map<string, string>();
  for (const { name: sentName, value } of fields) {
    const name = sentName.toLowerCase();
    const before = values.get(name);
    const separator = name === 'cookie' ? '; ' : ',';
    values.set(name, before === undefined ? value : `${before}${separator}${value}`);
  }
  return Array.from(values, ([name, value]) => ({ name, value }));
}

/**
 * A header on the response replaces the upstream's, and the second of one name stands beside the
 * first. A cookie replaces none: those of the upstream are others (RFC 6265 §3).
 */
function besideEachOther(fields: readonly HeaderField[]): readonly HeaderMutation[] {
  if (fields.length < 1) return fields;
  const seen = new Set(['set-cookie']);
  return fields.map(({ name: sentName, value }) => {
    const name = sentName.toLowerCase();
    const append = seen.has(name);
    seen.add(name);
    return { name, value, append };
  });
}

/** For Envoy's access log and later filters. The policy's own metadata, under ours. */
function metadataOf(
  { check, policy }: CompletedCheck,
  { metadata, reason }: Decision,
): Record<string, JsonValue> {
  const all: Record<string, JsonValue> = { ...metadata, decision_id: check.id, reason };
  if (policy.revision !== '') all['policy'] = policy.revision;
  if (check.caller !== undefined) all['caller'] = check.caller.principal;
  if (check.verdict?.rule !== undefined) all['rule'] = check.verdict.rule;
  if (check.verdict?.access?.grant !== undefined) all['grant'] = check.verdict.access.grant;
  if (check.limits !== undefined) all['limits'] = check.limits.states.map(limitMetadata);
  return all;
}

function limitMetadata({ name, mode, result, remaining }: LimitState): JsonValue {
  return { name, mode, result, remaining };
}
