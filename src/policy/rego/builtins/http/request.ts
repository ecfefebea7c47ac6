import { BuiltinError } from '../../builtin.ts';
import { isNumber, RegoObject, type RegoValue } from '../../value.ts';
import { exactInteger } from '../exact-number.ts';
import { jsonText } from '../json-text.ts';
import { requestOperand } from './request-operand.ts';

/** A request of http.send, checked. */
export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
  readonly timeoutMs: number;
  readonly followsRedirects: boolean;
  readonly retries: number;
  readonly forcesJson: boolean;
  readonly forcesYaml: boolean;
  readonly tls: HttpTls;
  readonly caching: Caching;
}

/** In PEM; empty where there is none. */
export interface HttpTls {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
  readonly serverName: string;
}

/** Whether, and for how long, an answer may be given again to another evaluation. */
export type Caching =
  | { readonly kind: 'none' }
  | { readonly kind: 'as-told' }
  | { readonly kind: 'forced'; readonly seconds: number };

const defaultTimeoutMs = 5000;

/** What reads the server's own files and environment, or weakens TLS. */
const refused = [
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_insecure_skip_verify',
];

/** Throws a BuiltinError for a request that OPA refuses, or that asks for what is refused here. */
export function readHttpRequest(operand: RegoValue): HttpRequest {
  const request = requestOperand(operand);
  const asked = refused.find((name) => (request.get(name) ?? false) !== false);
  if (asked !== undefined) throw new BuiltinError(`${asked} is not allowed`);
  return {
    method: readMethod(text(request, 'method')),
    url: readUrl(text(request, 'url')),
    headers: readHeaders(request.get('headers')),
    body: readBody(request),
    timeoutMs: readTimeout(request.get('timeout')),
    followsRedirects: flag(request, 'enable_redirect'),
    retries: count(request, 'max_retry_attempts'),
    forcesJson: flag(request, 'force_json_decode'),
    forcesYaml: flag(request, 'force_yaml_decode'),
    tls: {
      ca: text(request, 'tls_ca_cert').replaceAll('\\n', '\n'),
      certificate: text(request, 'tls_client_cert'),
      key: text(request, 'tls_client_key'),
      serverName: text(request, 'tls_server_name'),
    },
    caching: readCaching(request),
  };
}

function text(request: RegoObject, name: string): string {
  const value = request.get(name) ?? '';
  if (typeof value === 'string') return value;
  throw new BuiltinError(`${jsonText(name)} must be a string`);
}

function flag(request: RegoObject, name: string): boolean {
  const value = request.get(name) ?? false;
  if (typeof value === 'boolean') return value;
  throw new BuiltinError(`invalid value for ${jsonText(name)} field`);
}

function count(request: RegoObject, name: string): number {
  const value = request.get(name) ?? 0;
  const integer = isNumber(value) ? exactInteger(value) : undefined;
  if (integer !== undefined && integer >= 0n && integer <= 100n) return Number(integer);
  throw new BuiltinError(`invalid value ${jsonText(value)} for field ${jsonText(name)}`);
}

function readMethod(method: string): string {
  if (/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(method)) return method.toUpperCase();
  throw new BuiltinError(`net/http: invalid method ${jsonText(method)}`);
}

function readUrl(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed === null) throw new BuiltinError(`parse ${jsonText(url)}: no absolute URL`);
  if (parsed.protocol === 'http:' || parsed.protocol === 'https:') return parsed;
  throw new BuiltinError(`unsupported protocol scheme ${jsonText(parsed.protocol.slice(0, -1))}`);
}

function readHeaders(headers: RegoValue | undefined): HttpRequest['headers'] {
  if (headers === undefined) return [];
  if (!(headers instanceof RegoObject)) throw new BuiltinError('invalid type for headers key');
  return headers.entries.map(([name, value]) => {
    if (typeof name === 'string' && typeof value === 'string') return [name, value];
    throw new BuiltinError(`invalid type for headers value ${jsonText(value)}`);
  });
}

function readBody(request: RegoObject): string {
  if (request.get('raw_body') !== undefined) return text(request, 'raw_body');
  const body = request.get('body');
  return body === undefined ? '' : jsonText(body);
}

const unitsInMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Nanoseconds, or a duration such as `1.5s`. Zero is no timeout to Go; here the default bounds it. */
function readTimeout(timeout: RegoValue | undefined): number {
  if (timeout === undefined) return defaultTimeoutMs;
  if (typeof timeout !== 'string' && !isNumber(timeout)) {
    throw new BuiltinError("'timeout' must be one of {string, number}");
  }
  const written = typeof timeout === 'string' ? timeout : jsonText(timeout);
  const ms = /^\d+$/.test(written) ? Number(written) / 1e6 : durationMs(written);
  if (ms === undefined) throw new BuiltinError(`invalid timeout value ${jsonText(timeout)}`);
  return ms === 0 ? defaultTimeoutMs : ms;
}

function durationMs(written: string): number | undefined {
  if (!/^(?:\d+(?:\.\d*)?(?:ns|us|µs|ms|s|m|h))+$/.test(written)) return undefined;
  const parts = written.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g);
  return Array.from(parts).reduce(
    (sum, [, amount, unit = '']) => sum + Number(amount) * (unitsInMs[unit] ?? NaN),
    0,
  );
}

function readCaching(request: RegoObject): Caching {
  const mode = request.get('caching_mode') ?? 'serialized';
  if (mode !== 'serialized' && mode !== 'deserialized') {
    throw new BuiltinError('invalid value specified for "caching_mode" field');
  }
  const isCached = flag(request, 'cache');
  if (!flag(request, 'force_cache')) return { kind: isCached ? 'as-told' : 'none' };
  const seconds = request.get('force_cache_duration_seconds');
  const integer = seconds !== undefined && isNumber(seconds) ? exactInteger(seconds) : undefined;
  if (integer === undefined || BigInt.asIntN(32, integer) !== integer) {
    throw new BuiltinError(
      "'force_cache' set but 'force_cache_duration_seconds' parameter is missing",
    );
  }
  return integer > 0n ? { kind: 'forced', seconds: Number(integer) } : { kind: 'as-told' };
}
