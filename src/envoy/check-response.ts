import type { HeaderField, QueryParameter } from '../domain/decision/decision.ts';
import type { JsonObject } from '../domain/json.ts';
import type { DenialReason } from '../domain/decision/reason.ts';

/**
 * What Envoy is told. To Envoy an answer without a status allows, so there is no third form: an
 * allow is said, and a denial has a code that is not 0 and a status for the caller. It is never
 * `error_response`, which `failure_mode_allow` would wave through.
 */
export type CheckResponse = AllowResponse | DenyResponse;

export interface AllowResponse {
  readonly outcome: 'allow';
  /** Each in the place of what the request had of that name. */
  readonly requestHeaders: readonly HeaderField[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeaders: readonly HeaderMutation[];
  readonly queryParametersToSet: readonly QueryParameter[];
  readonly queryParametersToRemove: readonly string[];
  readonly metadata: JsonObject;
}

export interface DenyResponse {
  readonly outcome: 'deny';
  readonly code: DenialCode;
  readonly reason: DenialReason;
  readonly httpStatus: number;
  /** Of one name all are sent. */
  readonly headers: readonly HeaderField[];
  readonly body: string;
  readonly metadata: JsonObject;
}

export interface HeaderMutation extends HeaderField {
  /** Beside what the response has of this name; otherwise in its place. */
  readonly append?: boolean;
}

/** google.rpc.Code, without OK. */
export type DenialCode = 3 | 4 | 7 | 8 | 13 | 14 | 16;

/** Envoy reads of it only that it is not 0; gRPC callers and logs read the rest. */
export const denialCodes: Readonly<Record<DenialReason, DenialCode>> = {
  policy_denied: 7, // PERMISSION_DENIED
  no_rule: 7,
  untrusted_peer: 7,
  unauthenticated: 16, // UNAUTHENTICATED
  token_invalid: 16,
  token_expired: 16,
  token_replayed: 16,
  rate_limited: 8, // RESOURCE_EXHAUSTED
  bad_request: 3, // INVALID_ARGUMENT
  ambiguous_path: 3,
  deadline_exceeded: 4, // DEADLINE_EXCEEDED
  policy_unavailable: 14, // UNAVAILABLE
  limits_unavailable: 14,
  overloaded: 14,
  internal: 13, // INTERNAL
};
