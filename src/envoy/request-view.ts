import type { RequestReader } from '../check/ports.ts';
import type { AttributeContext, HttpAttributes } from '../domain/request/attributes.ts';
import { Denial } from '../domain/decision/decision.ts';
import { normaliseHost } from '../domain/request/host.ts';
import {
  findAmbiguity,
  type PathAmbiguity,
  segmentsOf,
  splitTarget,
} from '../domain/request/path.ts';
import type { RequestBody, RequestView } from '../domain/request/request.ts';
import { parseSpiffeId } from '../domain/identity/spiffe-id.ts';
import { emptyMap } from '../domain/empty-map.ts';
import { readHeaders } from './request-headers.ts';

/** Reads Envoy's attributes as one request that every later stage understands alike. */
export function createRequestReader(options: {
  readonly relaxedPaths: readonly PathAmbiguity[];
}): RequestReader {
  const { relaxedPaths } = options;
  return {
    read: (attributes) => {
      const http = attributes.request?.http;
      return http === undefined
        ? networkView(attributes)
        : httpView(attributes, http, relaxedPaths);
    },
  };
}

/** RFC 9110 §9.1: a method is a token. */
const methodPattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** RFC 9110 §9.3 and RFC 5789. */
const knownMethods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
];
const smallLetter = /[a-z]/;
/** Never in a request target; U+FFFD stands for bytes that are not UTF-8. */
const unreadable = /[\0-\x20\x7f\ufffd]/;
const noBytes = new Uint8Array(0);
const absentBody: RequestBody = Object.freeze({ state: 'absent', bytes: noBytes });

/** A check by Envoy's network filter: who connects to whom, and nothing of HTTP. */
function networkView(attributes: AttributeContext): RequestView {
  return {
    kind: 'network',
    method: '',
    path: '',
    query: '',
    segments: [],
    host: '',
    service: serviceOf(attributes),
    headers: emptyMap(),
    body: absentBody,
    sourceAddress: sourceAddressOf(attributes),
    attributes,
  };
}

function httpView(
  attributes: AttributeContext,
  http: HttpAttributes,
  relaxedPaths: readonly PathAmbiguity[],
): RequestView | Denial {
  const { method = '', path = '' } = http;
  if (!methodPattern.test(method)) return badRequest('the method is missing or not a token');
  // Methods have case, and some servers take `delete` for DELETE all the same.
  if (smallLetter.test(method) && knownMethods.includes(method.toUpperCase())) {
    return badRequest(`the method ${method} can be read in more than one way`);
  }
  const target = readTarget(method, path, relaxedPaths);
  if (target instanceof Denial) return target;
  const headers = readHeaders(http);
  if (headers === undefined) return badRequest('the headers are there in two forms that differ');
  const host = normaliseHost(http.host ?? headers[':authority'] ?? headers['host'] ?? '');
  if (host === undefined) return badRequest('the host can be read in more than one way');
  return {
    kind: target.kind,
    method,
    path: target.path,
    query: target.query,
    segments: target.segments,
    host,
    service: serviceOf(attributes),
    headers,
    body: readBody(http, headers),
    sourceAddress: sourceAddressOf(attributes),
    attributes,
  };
}

type Target = Pick<RequestView, 'kind' | 'path' | 'query' | 'segments'>;

const connectTarget: Target = Object.freeze({ kind: 'connect', path: '', query: '', segments: [] });
/** The server itself (RFC 9110 §9.3.7); its segment keeps it apart from the path `/`. */
const serverTarget: Target = Object.freeze({
  kind: 'http',
  path: '*',
  query: '',
  segments: ['*'],
});

function readTarget(
  method: string,
  path: string,
  relaxedPaths: readonly PathAmbiguity[],
): Target | Denial {
  // With a path it is an extended CONNECT (RFC 8441, websockets), which is routed like any request.
  if (method === 'CONNECT' && path === '') return connectTarget;
  if (method === 'OPTIONS' && path === '*') return serverTarget;
  if (!path.startsWith('/')) return badRequest('the path does not begin with /');
  if (unreadable.test(path)) {
    return badRequest('the path has control characters, spaces or bytes that are not UTF-8');
  }
  const target = splitTarget(path);
  const ambiguity = findAmbiguity(target, relaxedPaths);
  if (ambiguity !== undefined) return new Denial('ambiguous_path', `the path has: ${ambiguity}`);
  return { kind: 'http', ...target, segments: segmentsOf(target.path) };
}

/** Set by Envoy whenever it buffered a body, and never taken from the client. */
const partialBodyHeader = 'x-envoy-auth-partial-body';

function readBody(http: HttpAttributes, headers: RequestView['headers']): RequestBody {
  const partial = headers[partialBodyHeader];
  const bytes = http.rawBody ?? (http.body === undefined ? noBytes : Buffer.from(http.body));
  if (partial === undefined && bytes.length === 0) return absentBody;
  // Only an explicit "false" says that a body is whole.
  return { state: partial === undefined || partial === 'false' ? 'complete' : 'partial', bytes };
}

/** The context extension is the operator's word; the account, the certificate's. */
function serviceOf(attributes: AttributeContext): string {
  const named = attributes.contextExtensions?.['service'];
  if (named !== undefined && named !== '') return named;
  const principal = attributes.destination?.principal;
  if (principal === undefined) return '';
  const uri = principal.startsWith('spiffe://') ? principal : `spiffe://${principal}`;
  return parseSpiffeId(uri)?.serviceAccount ?? '';
}

function sourceAddressOf(attributes: AttributeContext): string {
  return attributes.source?.address?.socketAddress?.address ?? '';
}

function badRequest(detail: string): Denial {
  return new Denial('bad_request', detail);
}
