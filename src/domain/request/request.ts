import type { AttributeContext } from './attributes.ts';

/**
 * The request as every stage sees it: normalised once, and unambiguous. `connect` is HTTP CONNECT
 * (no path); `network` is a check by Envoy's network filter, which knows nothing of HTTP.
 */
export interface RequestView {
  readonly kind: 'http' | 'connect' | 'network';
  /** As sent, for example `GET`; empty for `network`. */
  readonly method: string;
  /** Up to the first `?`, as sent, percent-encoding kept; empty for `connect` and `network`. */
  readonly path: string;
  /** What follows the first `?`, as sent; empty when there is none. */
  readonly query: string;
  /** The path split at `/` and percent-decoded: `/orders/7` is `["orders", "7"]`. */
  readonly segments: readonly string[];
  /** Lower-case, without port and trailing dot; empty when unknown. */
  readonly host: string;
  /** What is called: the context extension `service`, else the destination's service account. */
  readonly service: string;
  /** Lower-case names; one value each, repeated fields joined with `,`. No prototype. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody;
  readonly sourceAddress: string;
  readonly attributes: AttributeContext;
}

/** `partial`: Envoy cut the body at `max_request_bytes`; nobody may judge it as if it were whole. */
export interface RequestBody {
  readonly state: 'absent' | 'complete' | 'partial';
  readonly bytes: Uint8Array;
}

/** A header's value, or undefined. Names are lower-case. */
export function headerOf(request: RequestView, name: string): string | undefined {
  return request.headers[name];
}
