import { STATUS_CODES } from 'node:http';
import type { HttpSourceSettings } from '../../../domain/bundle-settings.ts';
import type { Clock } from '../../../domain/clock.ts';
import { createAuthorization } from './authorization.ts';
import { exchange, type HttpAnswer } from './http-exchange.ts';
import type { ShownCertificates } from './shown-certificates.ts';
import { type BundleSource, type Fetched, SourceError } from './source.ts';

/** A server that waits for news says so by this content type (OPA, bundle service API). */
const longPollType = 'application/vnd.openpolicyagent.bundles';

/** A server of OPA's bundle service API. */
export function createHttpSource(
  settings: HttpSourceSettings,
  maxBytes: number,
  clock: Clock,
): BundleSource {
  const { longPollMs } = settings.polling;
  const url = new URL(settings.url);
  const authorization = createAuthorization(settings, clock);
  let waits = longPollMs !== undefined;
  let certificates: ShownCertificates = {};

  const fetch = async (knownTag: string | undefined, signal: AbortSignal): Promise<HttpAnswer> => {
    const waitMs = waits ? (longPollMs ?? 0) : 0;
    const header = await authorization.header(signal);
    return exchange({
      url,
      headers: {
        'user-agent': 'sallyport',
        ...settings.headers,
        prefer: preference(waitMs),
        ...(knownTag !== undefined && { 'if-none-match': knownTag }),
        ...(header !== undefined && { authorization: header }),
      },
      tls: settings.tls,
      responseTimeoutMs: settings.responseTimeoutMs + waitMs,
      downloadTimeoutMs: settings.downloadTimeoutMs,
      maxBytes,
      signal,
    });
  };

  return {
    async fetch(knownTag, signal): Promise<Fetched> {
      const answer = await fetch(knownTag, signal);
      const { status, headers, body } = answer;
      ({ certificates } = answer);
      if (status === 401) authorization.refused();
      // Not of a bundle that nobody has: it would be waited for without a word.
      if (status === 304 && knownTag !== undefined) return { outcome: 'unchanged', waits };
      if (status !== 200) throw unexpected(status);
      waits = longPollMs !== undefined && headers['content-type'] === longPollType;
      return {
        outcome: 'fetched',
        content: body,
        sizeBytes: body.length,
        tag: headers.etag,
        waits,
      };
    },
    certificates: () => certificates,
  };
}

function unexpected(status: number): SourceError {
  const meaning = STATUS_CODES[status] ?? 'an unknown status';
  return new SourceError(`the server answered ${status}, ${meaning}`, { httpCode: status });
}

/** RFC 7240, as OPA writes it. */
function preference(waitMs: number): string {
  const modes = 'modes=snapshot,delta';
  return waitMs > 0 ? `${modes};wait=${Math.ceil(waitMs / 1000)}` : modes;
}
