import {
  type Decision,
  Denial,
  type DenialResponse,
  noEdits,
  type RequestEdits,
} from '../../domain/decision/decision.ts';
import { decisionFault } from '../../domain/decision/decision-fault.ts';
import { headerFault } from '../../domain/request/header.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';
import type { LimitRequest, PolicyVerdict } from '../../domain/decision/policy.ts';
import {
  arrayOf,
  mismatch,
  optional,
  readBoolean,
  readCount,
  readNumber,
  readObject,
  readString,
  required,
  ResultFault,
} from './result-field.ts';
import { readHeaders, readQueryParameters } from './result-headers.ts';

export type ResultVerdict = Omit<PolicyVerdict, 'input'>;

/**
 * Reads a policy's result: a boolean, or opa-envoy-plugin's object with Sallyport's `reason`,
 * `reasons`, `rule` and `limits`. Only `true` and `{"allowed": true}` allow. Undefined denies; a
 * result of another shape, or one that cannot be said to Envoy, is the policy's fault, and denies
 * as `policy_unavailable`.
 *
 * `isReserved` is true of the headers that are not a policy's to change.
 */
export function interpretResult(
  result: JsonValue | undefined,
  isReserved: (name: string) => boolean,
): ResultVerdict {
  try {
    if (!isJsonObject(result)) return { ...silent, decision: interpretPlain(result), result };
    const verdict = interpretObject(result);
    const fault = decisionFault(verdict.decision, isReserved);
    if (fault !== undefined) throw new ResultFault(fault);
    return verdict;
  } catch (error) {
    if (!(error instanceof ResultFault)) throw error;
    const decision = new Denial('policy_unavailable', `in the policy's result, ${error.message}`);
    return { ...silent, decision, result };
  }
}

/** What a result says that says no more than yes or no. */
const silent = { rule: undefined, reasons: [], limits: [] };

function interpretPlain(result: JsonValue | undefined): Decision {
  if (result === true) return { outcome: 'allow', reason: 'allowed', edits: noEdits };
  if (result === false) return new Denial('policy_denied', 'the policy denies this request');
  if (result === undefined) return new Denial('policy_denied', 'the policy is undefined here');
  throw mismatch('the whole', 'a boolean or an object', result);
}

function interpretObject(result: JsonObject): ResultVerdict {
  const allowed = required(result, 'allowed', readBoolean);
  const rule = optional(result, 'rule', readRule);
  const reason = optional(result, 'reason', readString);
  const others = optional(result, 'reasons', arrayOf(readString)) ?? [];
  const reasons = reason === undefined ? others : [reason, ...others];
  const limits = optional(result, 'limits', readLimits) ?? [];
  const metadata = optional(result, 'dynamic_metadata', readObject);
  const policy = metadata === undefined ? {} : { metadata };
  if (allowed) {
    const edits = readEdits(result);
    const decision = { outcome: 'allow', reason: 'allowed', edits, ...policy } as const;
    return { decision, rule, reasons, limits, result };
  }
  const detail = reasons.join('; ') || 'the policy denies this request';
  const response = readResponse(result);
  const decision = new Denial('policy_denied', detail, { response, ...policy });
  return { decision, rule, reasons, limits, result };
}

function readEdits(result: JsonObject): RequestEdits {
  const readNames = arrayOf(readString);
  return {
    requestHeaders: optional(result, 'headers', readHeaders) ?? [],
    requestHeadersToRemove: optional(result, 'request_headers_to_remove', readNames) ?? [],
    responseHeaders: optional(result, 'response_headers_to_add', readHeaders) ?? [],
    queryParametersToSet: optional(result, 'query_parameters_to_set', readQueryParameters) ?? [],
    queryParametersToRemove: optional(result, 'query_parameters_to_remove', readNames) ?? [],
  };
}

function readResponse(result: JsonObject): DenialResponse {
  const httpStatus = optional(result, 'http_status', readNumber);
  const body = optional(result, 'body', readString);
  return {
    headers: optional(result, 'headers', readHeaders) ?? [],
    ...(httpStatus !== undefined && { httpStatus }),
    ...(body !== undefined && { body }),
  };
}

/** A rule's name becomes the value of a header. */
function readRule(value: JsonValue, name: string): string {
  const rule = readString(value, name);
  const fault = headerFault({ name, value: rule });
  if (fault !== undefined) throw new ResultFault(`${name} cannot be a header: ${fault}`);
  return rule;
}

/** More would be a client's doing, through a policy that names one for each part of a body. */
const maxLimits = 100;

function readLimits(value: JsonValue, name: string): readonly LimitRequest[] {
  const limits = arrayOf(readLimit)(value, name);
  if (limits.length > maxLimits)
    throw new ResultFault(`${name} has more than ${maxLimits} entries`);
  return limits;
}

function readLimit(value: JsonValue, at: string): LimitRequest {
  const limit = readObject(value, at);
  const key = optional(limit, 'key', readString);
  const cost = optional(limit, 'cost', readCount);
  return {
    name: required(limit, 'name', readString),
    ...(key !== undefined && { key }),
    ...(cost !== undefined && { cost }),
  };
}
