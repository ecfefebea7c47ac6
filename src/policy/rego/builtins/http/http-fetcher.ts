import { lookup } from 'node:dns/promises';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps, type RequestOptions } from 'node:https';
import { isIP } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '../../../../domain/fault-message.ts';
import type { OutsideQuestion } from '../../builtin.ts';
import { RegoSet, type RegoValue } from '../../value.ts';
import { allowsAddress, allowsHost, type AllowedHosts } from './allowed-hosts.ts';
import type { Fetcher } from './fetcher.ts';
import { failureAnswer, freshUntil, httpAnswer, type HttpResponse } from './answer.ts';
import { readHttpRequest, type HttpRequest } from './request.ts';
import { ResponseCache } from './response-cache.ts';

export interface FetchLimits {
  readonly allowed: AllowedHosts;
  /** The longest that one request may take, whatever it asks for itself. */
  readonly maxTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly maxCacheBytes: number;
}

const maxRedirects = 5;

/** Asks over HTTP and DNS, each host only by an address that was checked. */
export function createHttpFetcher(limits: FetchLimits): Fetcher {
  const cache = new ResponseCache(limits.maxCacheBytes);
  return {
    answer: (key, question, signal) =>
      question.kind === 'lookup'
        ? lookUp(question.name, limits)
        : send(key, question, { limits, cache, signal }),
  };
}

async function lookUp(name: string, { allowed }: FetchLimits): Promise<RegoValue> {
  try {
    const addresses = await lookup(name, { all: true });
    return RegoSet.of(
      addresses.map(({ address }) => address).filter((address) => allowsAddress(allowed, address)),
    );
  } catch {
    return null;
  }
}

interface Sending {
  readonly limits: FetchLimits;
  readonly cache: ResponseCache;
  readonly signal: AbortSignal;
}

async function send(
  key: string,
  question: Extract<OutsideQuestion, { kind: 'http' }>,
  sending: Sending,
): Promise<RegoValue> {
  const request = readHttpRequest(question.request);
  const known = sending.cache.get(key, Date.now());
  if (known !== undefined) return httpAnswer(known);
  try {
    const response = await sendWithRetries(request, sending);
    sending.cache.put(key, response, freshUntil(response, request.caching, Date.now()));
    return httpAnswer(response);
  } catch (error) {
    return failureAnswer('eval_http_send_network_error', failureText(request, error));
  }
}

function failureText({ method, url }: HttpRequest, error: unknown): string {
  const verb = method[0] + method.slice(1).toLowerCase();
  return `${verb} ${JSON.stringify(url.href)}: ${messageOf(error)}`;
}

async function sendWithRetries(request: HttpRequest, sending: Sending): Promise<HttpResponse> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await sendOnce(request, sending);
    } catch (error) {
      if (attempt >= request.retries || sending.signal.aborted) throw error;
      await setTimeout(Math.min(100 * 1.6 ** attempt, 60_000), undefined, {
        signal: sending.signal,
      });
    }
  }
}

async function sendOnce(request: HttpRequest, { limits, signal }: Sending): Promise<HttpResponse> {
  const timeoutMs = Math.min(request.timeoutMs, limits.maxTimeoutMs);
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(timeoutMs))]);
  let next = request;
  for (let redirects = 0; ; redirects += 1) {
    const response = await exchange(next, limits, bounded);
    const target = request.followsRedirects ? redirectOf(next, response) : undefined;
    if (target === undefined) return response;
    if (redirects >= maxRedirects) throw new Error(`stopped after ${maxRedirects} redirects`);
    next = target;
  }
}

const redirectStatuses = new Set([301, 302, 303, 307, 308]);

/** As Go follows: 307 and 308 repeat the request, the others ask with GET. */
function redirectOf(request: HttpRequest, response: HttpResponse): HttpRequest | undefined {
  const [location] = response.headers.get('location') ?? [];
  if (!redirectStatuses.has(response.status) || location === undefined) return undefined;
  const url = URL.parse(location, request.url.href);
  if (url === null) throw new Error('the redirect leads nowhere');
  const isSameHost = url.host === request.url.host;
  const headers = request.headers.filter(
    ([name]) => isSameHost || !ownHeaders.has(name.toLowerCase()),
  );
  if (response.status === 307 || response.status === 308) return { ...request, url, headers };
  const method = request.method === 'HEAD' ? 'HEAD' : 'GET';
  return { ...request, url, headers, method, body: '' };
}

/** They are for one host, and for no other. */
const ownHeaders = new Set(['authorization', 'www-authenticate', 'cookie', 'cookie2', 'host']);

/** One request to one address, which was looked up once and is the one that is connected to. */
async function exchange(
  request: HttpRequest,
  { allowed, maxResponseBytes }: FetchLimits,
  signal: AbortSignal,
): Promise<HttpResponse> {
  const { url } = request;
  if (!allowsHost(allowed, url)) throw new Error(`disallowed host: ${url.hostname}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await lookup(host, { all: true }) : [{ address: host }];
  const address = addresses.map((one) => one.address).find((one) => allowsAddress(allowed, one));
  if (address === undefined) throw new Error(`disallowed address of host: ${url.hostname}`);
  signal.throwIfAborted();
  const sent = open(request, optionsFor(request, host, address, signal));
  try {
    return await readResponse(await responseTo(sent, request.body), maxResponseBytes);
  } finally {
    sent.destroy();
  }
}

function open({ url }: HttpRequest, options: RequestOptions): ClientRequest {
  return url.protocol === 'https:' ? requestHttps(options) : requestHttp(options);
}

function responseTo(sent: ClientRequest, body: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve).on('error', reject);
    // So ends what switches protocols (101), and no error says so.
    sent.once('close', () => reject(new Error('the server gave no answer')));
    sent.end(body);
  });
}

function optionsFor(
  request: HttpRequest,
  host: string,
  address: string,
  signal: AbortSignal,
): RequestOptions {
  const { url, tls } = request;
  const hostHeader = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  const servername = tls.serverName || (hostHeader?.replace(/:\d+$/, '') ?? host);
  return {
    method: request.method,
    host: address,
    port: url.port || (url.protocol === 'https:' ? 443 : 80),
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      'user-agent': 'Sallyport',
      'content-length': String(Buffer.byteLength(request.body)),
      ...Object.fromEntries(request.headers.map(([name, value]) => [name.toLowerCase(), value])),
    },
    agent: false,
    signal,
    ...(isIP(servername) === 0 && { servername }),
    ...(tls.ca !== '' && { ca: tls.ca }),
    ...(tls.certificate !== '' && tls.key !== '' && { cert: tls.certificate, key: tls.key }),
  };
}

async function readResponse(message: IncomingMessage, maxBytes: number): Promise<HttpResponse> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > maxBytes) throw new Error(`the response is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const headers = Object.entries(message.headersDistinct).map(
    ([name, values]) => [name, values ?? []] as const,
  );
  return {
    status: message.statusCode ?? 0,
    reason: message.statusMessage ?? '',
    headers: new Map(headers),
    body: Buffer.concat(chunks),
  };
}
