import type { JsonObject } from '../json.ts';
import type { DenialReason } from './reason.ts';

export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

export interface QueryParameter {
  readonly key: string;
  readonly value: string;
}

/** What a policy changes on a request that it allows. */
export interface RequestEdits {
  readonly requestHeaders: readonly HeaderField[];
  readonly requestHeadersToRemove: readonly string[];
  readonly responseHeaders: readonly HeaderField[];
  readonly queryParametersToSet: readonly QueryParameter[];
  readonly queryParametersToRemove: readonly string[];
}

/** What a policy says to a caller whom it refuses. Absent parts are Sallyport's own. */
export interface DenialResponse {
  readonly httpStatus?: number;
  readonly headers: readonly HeaderField[];
  readonly body?: string;
}

export interface Allowance {
  readonly outcome: 'allow';
  readonly reason: 'allowed';
  readonly edits: RequestEdits;
  /** The policy's own dynamic metadata. */
  readonly metadata?: JsonObject;
}

/**
 * A refusal, as a value. A class, so that a stage that returns `Denial | T` can be asked which it
 * was without trusting the shape of T.
 */
export class Denial {
  readonly outcome = 'deny';
  readonly reason: DenialReason;
  /** For the decision record and the operator's terminal; never sent to the caller. */
  readonly detail: string;
  readonly response: DenialResponse | undefined;
  readonly metadata: JsonObject | undefined;

  constructor(
    reason: DenialReason,
    detail: string,
    policy: { response?: DenialResponse; metadata?: JsonObject } = {},
  ) {
    this.reason = reason;
    this.detail = detail;
    this.response = policy.response;
    this.metadata = policy.metadata;
  }
}

export type Decision = Allowance | Denial;

export const noEdits: RequestEdits = Object.freeze({
  requestHeaders: [],
  requestHeadersToRemove: [],
  responseHeaders: [],
  queryParametersToSet: [],
  queryParametersToRemove: [],
});
