import { RegoObject, type RegoValue } from '../../value.ts';
import { regoObject } from '../rego-object.ts';
import type { Caching } from './request.ts';

/** What a server answered. */
export interface HttpResponse {
  readonly status: number;
  readonly reason: string;
  /** In lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
}

/** What http.send gives for a response, but for its body, which `withBody` reads. */
export function httpAnswer({ status, reason, headers, body }: HttpResponse): RegoObject {
  return regoObject({
    status: `${status} ${reason}`.trim(),
    status_code: status,
    raw_body: body.toString(),
    headers: RegoObject.of(headers),
  });
}

export type FailureCode = 'eval_http_send_network_error' | 'eval_http_send_internal_error';

/** What http.send gives instead where `raise_error` is false. */
export function failureAnswer(code: FailureCode, message: string): RegoObject {
  return regoObject({ status_code: 0, error: regoObject({ code, message }) });
}

/** The message of an answer that is a failure. */
export function failureMessage(answer: RegoValue): string | undefined {
  const error = answer instanceof RegoObject ? answer.get('error') : undefined;
  const message = error instanceof RegoObject ? error.get('message') : undefined;
  return typeof message === 'string' ? message : undefined;
}

const cacheableStatuses = new Set([200, 203, 204, 206, 300, 301, 404, 405, 410, 414, 501]);

/**
 * Until when a response may be given again, in milliseconds since 1970; 0 for not at all. As OPA:
 * `max-age` counts from the Date header, `Expires` stands where there is none.
 */
export function freshUntil(response: HttpResponse, caching: Caching, nowMs: number): number {
  if (caching.kind === 'none' || !cacheableStatuses.has(response.status)) return 0;
  if (caching.kind === 'forced') return nowMs + caching.seconds * 1000;
  const directives = cacheDirectives(firstOf(response.headers, 'cache-control'));
  if (directives.has('no-store')) return 0;
  const maxAge = directives.get('max-age');
  if (maxAge === undefined) return timeOf(firstOf(response.headers, 'expires'));
  const date = timeOf(firstOf(response.headers, 'date'));
  return date === 0 || !/^\d+$/.test(maxAge)
    ? 0
    : date + Math.min(Number(maxAge), 2 ** 31 - 1) * 1000;
}

function cacheDirectives(header: string): ReadonlyMap<string, string> {
  const parts = header.split(',').map((part) => part.trim().split('='));
  return new Map(parts.map(([name = '', value = '']) => [name.trim(), value]));
}

function timeOf(date: string): number {
  const time = Date.parse(date);
  return Number.isNaN(time) ? 0 : time;
}

function firstOf(headers: HttpResponse['headers'], name: string): string {
  return headers.get(name)?.[0] ?? '';
}
