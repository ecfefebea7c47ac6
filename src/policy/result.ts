import {
  type Decision,
  Denial,
  type DenialResponse,
  noEdits,
  type RequestEdits,
} from '../domain/decision.ts';
import { headerFault } from '../domain/header.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { LimitRequest, PolicyVerdict } from '../domain/policy.ts';
import { envoyStatusCodes } from './envoy-status.ts';
import {
  arrayOf,
  mismatch,
  optional,
  readBoolean,
  readCount,
  readObject,
  readString,
  required,
  ResultFault,
} from './result-field.ts';
import {
  headerNamesExcept,
  headersExcept,
  readQueryParameters,
  readQueryText,
} from './result-headers.ts';

export type ResultVerdict = Omit<PolicyVerdict, 'input'>;

/**
 * Reads a policy's result: a boolean, or opa-envoy-plugin's object with Sallyport's `reason`,
 * `reasons`, `rule` and `limits`. Only `true` and `{"allowed": true}` allow. Undefined denies; a
 * result of another shape is the policy's fault, and denies as `policy_unavailable`.
 *
 * `reservedPrefix`, in lower case, begins the names of headers that are not a policy's to change.
 */
export function interpretResult(
  result: JsonValue | undefined,
  reservedPrefix: string,
): ResultVerdict {
  try {
    if (isJsonObject(result)) return interpretObject(result, reservedPrefix);
    return { ...silent, decision: interpretPlain(result), result };
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

function interpretObject(result: JsonObject, reservedPrefix: string): ResultVerdict {
  const allowed = required(result, 'allowed', readBoolean);
  const rule = optional(result, 'rule', readRule);
  const reason = optional(result, 'reason', readString);
  const others = optional(result, 'reasons', arrayOf(readString)) ?? [];
  const reasons = reason === undefined ? others : [reason, ...others];
  const limits = optional(result, 'limits', arrayOf(readLimit)) ?? [];
  const metadata = optional(result, 'dynamic_metadata', readObject);
  const policy = metadata === undefined ? {} : { metadata };
  if (allowed) {
    const edits = readEdits(result, reservedPrefix);
    const decision = { outcome: 'allow', reason: 'allowed', edits, ...policy } as const;
    return { decision, rule, reasons, limits, result };
  }
  const detail = reasons.join('; ') || 'the policy denies this request';
  const response = readResponse(result, reservedPrefix);
  const decision = new Denial('policy_denied', detail, { response, ...policy });
  return { decision, rule, reasons, limits, result };
}

function readEdits(result: JsonObject, reservedPrefix: string): RequestEdits {
  const readHeaders = headersExcept(reservedPrefix);
  const readNames = headerNamesExcept(reservedPrefix);
  return {
    requestHeaders: optional(result, 'headers', readHeaders) ?? [],
    requestHeadersToRemove: optional(result, 'request_headers_to_remove', readNames) ?? [],
    responseHeaders: optional(result, 'response_headers_to_add', readHeaders) ?? [],
    queryParametersToSet: optional(result, 'query_parameters_to_set', readQueryParameters) ?? [],
    queryParametersToRemove:
      optional(result, 'query_parameters_to_remove', arrayOf(readQueryText)) ?? [],
  };
}

function readResponse(result: JsonObject, reservedPrefix: string): DenialResponse {
  const httpStatus = optional(result, 'http_status', readStatus);
  const body = optional(result, 'body', readString);
  return {
    headers: optional(result, 'headers', headersExcept(reservedPrefix)) ?? [],
    ...(httpStatus !== undefined && { httpStatus }),
    ...(body !== undefined && { body }),
  };
}

function readStatus(value: JsonValue, name: string): number {
  if (typeof value === 'number' && envoyStatusCodes.has(value)) return value;
  throw new ResultFault(`${name} must be an HTTP status that Envoy knows`);
}

/** A rule's name becomes the value of a header. */
function readRule(value: JsonValue, name: string): string {
  const rule = readString(value, name);
  const fault = headerFault({ name, value: rule });
  if (fault !== undefined) throw new ResultFault(`${name} cannot be a header: ${fault}`);
  return rule;
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
