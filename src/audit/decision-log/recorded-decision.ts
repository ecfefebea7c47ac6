import type { AttributeContext } from '../../domain/request/attributes.ts';
import type { Caller, VerifiedToken } from '../../domain/identity/caller.ts';
import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parsePlainJson,
} from '../../domain/json.ts';
import type { LimitRequest } from '../../domain/decision/policy.ts';
import { recordedAttributes } from './recorded-attributes.ts';

/** One decision as its record tells it: docs/decision-record.md. */
export interface RecordedDecision {
  readonly atMs: number;
  readonly outcome: 'allow' | 'deny';
  readonly reason: string;
  readonly caller: Caller | undefined;
  readonly rule: string | undefined;
  readonly attributes: AttributeContext;
  /** Limits that the policy's result named. */
  readonly named: readonly LimitRequest[];
  /** What each limit said that was asked. */
  readonly limits: readonly { readonly name: string; readonly refused: boolean }[];
}

/** `event`: a line of the same log that is no decision. */
export type RecordReading =
  | { readonly kind: 'decision'; readonly decision: RecordedDecision }
  | { readonly kind: 'event' }
  | { readonly kind: 'fault'; readonly fault: string };

/** Reads one line. Never throws. */
export function readRecord(line: string): RecordReading {
  const record = parsePlainJson(line);
  if (!isJsonObject(record)) return fault('is not a JSON object');
  const { event, decision_id: id, timestamp, outcome, reason, input, caller, rule } = record;
  if (event !== undefined && id === undefined) return { kind: 'event' };
  const atMs = typeof timestamp === 'string' ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(atMs)) return fault('has no timestamp');
  if (outcome !== 'allow' && outcome !== 'deny') return fault('has no outcome');
  if (!isJsonObject(input) || !isJsonObject(input['attributes'])) return fault('has no input');
  return {
    kind: 'decision',
    decision: {
      atMs,
      outcome,
      reason: textOf(reason) ?? '',
      caller: callerIn(caller, input['caller']),
      rule: textOf(rule),
      attributes: recordedAttributes(input['attributes']),
      named: namedIn(record['result']),
      limits: objectsIn(record['limits']).map((limit) => ({
        name: textOf(limit['name']) ?? '',
        refused: limit['result'] === 'over' && limit['mode'] === 'enforce',
      })),
    },
  };
}

function fault(text: string): RecordReading {
  return { kind: 'fault', fault: text };
}

const sources = ['peer', 'xfcc', 'jwt'] as const;

/** `known` is what the policy saw of it: the claims of its token are there alone. */
function callerIn(value: JsonValue | undefined, known: JsonValue | undefined): Caller | undefined {
  if (!isJsonObject(value)) return undefined;
  const principal = textOf(value['principal']);
  const source = sources.find((each) => each === value['source']) ?? 'peer';
  const token = isJsonObject(known) ? tokenIn(known['token']) : undefined;
  return principal === undefined ? undefined : { principal, source, ...(token && { token }) };
}

function tokenIn(value: JsonValue | undefined): VerifiedToken | undefined {
  if (!isJsonObject(value)) return undefined;
  const { issuer, subject, audience, scopes, claims, expiresAt } = value;
  if (!isJsonObject(claims)) return undefined;
  return {
    issuer: textOf(issuer) ?? '',
    subject: textOf(subject) ?? '',
    audience: textsIn(audience),
    scopes: textsIn(scopes),
    claims,
    expiresAt: typeof expiresAt === 'number' ? expiresAt : 0,
  };
}

function textsIn(value: JsonValue | undefined): readonly string[] {
  return isJsonArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

/** As the engine reads a policy's result, but that a fault in it was the policy's, and is over. */
function namedIn(result: JsonValue | undefined): readonly LimitRequest[] {
  const named = isJsonObject(result) ? objectsIn(result['limits']) : [];
  return named.flatMap(({ name, key, cost }) =>
    typeof name === 'string'
      ? {
          name,
          ...(typeof key === 'string' && { key }),
          ...(typeof cost === 'number' && { cost }),
        }
      : [],
  );
}

function objectsIn(value: JsonValue | undefined): readonly JsonObject[] {
  return isJsonArray(value) ? value.filter(isJsonObject) : [];
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
