import { readFileSync } from 'node:fs';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
  type RequestOptions,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ClientTlsSettings } from '../../../domain/bundle-settings.ts';
import { messageOf } from '../../../domain/fault-message.ts';
import { SharedBytes } from '../contents/shared-bytes.ts';
import { type ShownCertificates, shownCertificates } from './shown-certificates.ts';
import { SourceError } from './source.ts';

export interface HttpQuestion {
  readonly url: URL;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly tls: ClientTlsSettings;
  /** Until the answer begins; each redirect anew. */
  readonly responseTimeoutMs: number;
  /** From there to its end. */
  readonly downloadTimeoutMs: number;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly certificates: ShownCertificates;
  readonly body: Uint8Array;
}

const maxRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Asks once, within every bound. Rejects with a SourceError when no whole answer comes. */
export async function exchange(question: HttpQuestion): Promise<HttpAnswer> {
  try {
    const response = await follow(question);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      certificates: shownCertificates(response),
      body: await readBody(response, question),
    };
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const what = question.method === 'POST' ? 'does not answer' : 'cannot be fetched';
    throw new SourceError(`${shown(question.url)} ${what}: ${reasonOf(error)}`, { cause: error });
  }
}

/** A redirect may lead to another server, which gets no secrets, but never from https to http. */
async function follow(question: HttpQuestion): Promise<IncomingMessage> {
  let asked: HttpQuestion = question;
  for (let left = maxRedirects; ; left -= 1) {
    const response = await open(asked);
    const { location } = response.headers;
    const redirected = redirects.has(response.statusCode ?? 0) && location !== undefined;
    if (!redirected || asked.method === 'POST') return response;
    response.destroy();
    if (left === 0) throw new Error(`more than ${maxRedirects} redirects`);
    asked = redirect(asked, location);
  }
}

function redirect(question: HttpQuestion, location: string): HttpQuestion {
  const url = URL.parse(location, question.url.href);
  if (url === null) throw new Error('the redirect leads to no URL');
  if (url.protocol !== question.url.protocol && url.protocol !== 'https:') {
    throw new Error(`the redirect leads to ${url.protocol.slice(0, -1)}`);
  }
  if (url.origin === question.url.origin) return { ...question, url };
  const { ca } = question.tls;
  return { ...question, url, headers: withoutSecrets(question.headers), tls: ca ? { ca } : {} };
}

/** Configured headers may hold keys of APIs. Those of the protocol are known to hold none. */
const publicHeaders: ReadonlySet<string> = new Set(['if-none-match', 'prefer', 'user-agent']);

function withoutSecrets(headers: HttpQuestion['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => publicHeaders.has(name.toLowerCase())),
  );
}

function open(question: HttpQuestion): Promise<IncomingMessage> {
  const { url, method = 'GET', headers, body, tls, signal, responseTimeoutMs } = question;
  const isSecure = url.protocol === 'https:';
  // A connection for each request: files of TLS that were renewed are used at once.
  const options: RequestOptions = { method, headers, signal, agent: false };
  return new Promise((resolve, reject) => {
    const request = isSecure
      ? httpsRequest(url, { ...options, ...readTlsFiles(tls) })
      : httpRequest(url, options);
    const late = setTimeout(() => {
      request.destroy(new Error('the server did not answer in time'));
    }, responseTimeoutMs);
    request.on('error', reject).once('response', resolve);
    request.once('response', () => clearTimeout(late));
    request.once('close', () => {
      clearTimeout(late);
      // So ends what switches protocols (101), and no error says so.
      reject(new Error('the server gave no answer'));
    });
    request.end(body);
  });
}

function readTlsFiles({ certificate, privateKey, ca }: ClientTlsSettings) {
  return {
    minVersion: 'TLSv1.2',
    ...(certificate && { cert: readFileSync(certificate) }),
    ...(privateKey && { key: readFileSync(privateKey) }),
    ...(ca && { ca: readFileSync(ca) }),
  } as const;
}

async function readBody(
  response: IncomingMessage,
  { maxBytes, downloadTimeoutMs }: HttpQuestion,
): Promise<Uint8Array> {
  const cut = setTimeout(() => {
    response.destroy(new Error(`the download took longer than ${downloadTimeoutMs} ms`));
  }, downloadTimeoutMs);
  const body = new SharedBytes(maxBytes);
  try {
    for await (const chunk of response) {
      if (!(chunk instanceof Buffer)) continue;
      if (!body.append(chunk)) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    }
  } finally {
    clearTimeout(cut);
  }
  return body.bytes;
}

/** Without what may be secret: a query, a name and a password. */
function shown({ origin, pathname }: URL): string {
  return origin + pathname;
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join(', ');
  return messageOf(error);
}
