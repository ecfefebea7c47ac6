import { isUtf8 } from 'node:buffer';
import type { HttpAttributes } from '../domain/attributes.ts';
import type { CheckRequest } from '../server/check-client.ts';
import { fileOf, pairsOf } from './check-options.ts';
import type { Arguments } from './parse-arguments.ts';
import { UsageError } from './usage-error.ts';

/**
 * The CheckRequest that Envoy would make of this request.
 * @throws {UsageError} when an option is missing, malformed, or names an unreadable file.
 */
export function readRequest(given: Arguments): CheckRequest {
  const path = given.text('path');
  if (path === undefined)
    throw new UsageError('--path is missing; say what is called: --path /orders');
  const principal = given.text('principal');
  const address = given.text('source-ip');
  return {
    attributes: {
      source: {
        ...(principal !== undefined && { principal }),
        ...(address !== undefined && { address: { socketAddress: { address } } }),
      },
      request: { http: readHttp(given, path) },
      contextExtensions: Object.fromEntries(pairsOf(given, 'context', '=')),
    },
  };
}

function readHttp(given: Arguments, path: string): HttpAttributes {
  const method = given.text('method') ?? 'GET';
  const host = given.text('host') ?? '';
  const body = fileOf(given, 'body-file');
  return {
    method,
    path,
    host,
    scheme: 'http',
    protocol: 'HTTP/1.1',
    size: body?.length ?? 0,
    headers: {
      ...(host !== '' && { ':authority': host }),
      ':method': method,
      ':path': path,
      ':scheme': 'http',
      ...joinedHeaders(given),
      ...bearer(given),
      // Envoy says this whenever it has waited for a body.
      ...(body !== undefined && { 'x-envoy-auth-partial-body': 'false' }),
    },
    ...(body !== undefined && bodyField(body)),
  };
}

/** Text in `body`, and bytes as with Envoy's `pack_as_bytes`. */
function bodyField(bytes: Buffer): Pick<HttpAttributes, 'body' | 'rawBody'> {
  return isUtf8(bytes) ? { body: bytes.toString() } : { rawBody: bytes };
}

/** Lower-case, and repeated ones joined, as Envoy does. */
function joinedHeaders(given: Arguments): Record<string, string> {
  const headers = new Map<string, string>();
  for (const [sentName, sentValue] of pairsOf(given, 'header', ':')) {
    const name = sentName.trim().toLowerCase();
    const before = headers.get(name);
    const value = sentValue.trim();
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(headers);
}

function bearer(given: Arguments): { authorization?: string } {
  const token = fileOf(given, 'token-file');
  return token === undefined ? {} : { authorization: `Bearer ${token.toString().trim()}` };
}
