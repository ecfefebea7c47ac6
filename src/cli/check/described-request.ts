import { isUtf8 } from 'node:buffer';
import type { HttpAttributes, Peer } from '../../domain/request/attributes.ts';
import type { CheckRequest } from '../../server/check-client.ts';

/** A request as people describe it, in options or in a file of cases. */
export interface DescribedRequest {
  /** `tcp`: a connection that is not HTTP, of which Envoy says only who connects to whom. */
  readonly protocol?: 'http' | 'tcp';
  readonly principal?: string | undefined;
  readonly method: string;
  readonly path: string;
  readonly host?: string | undefined;
  /** Any names; one may come more than once. */
  readonly headers: Iterable<readonly [name: string, value: string]>;
  readonly body?: Buffer | undefined;
  readonly context: Iterable<readonly [key: string, value: string]>;
  readonly sourceIp?: string | undefined;
  readonly destination: { readonly principal?: string | undefined; readonly port?: number };
}

/** The CheckRequest that Envoy would make of it. */
export function checkRequestOf(described: DescribedRequest): CheckRequest {
  const { principal, sourceIp, destination } = described;
  return {
    attributes: {
      source: peerOf(principal, sourceIp === undefined ? {} : { address: sourceIp }),
      ...(Object.keys(destination).length > 0 && {
        destination: peerOf(
          destination.principal,
          destination.port === undefined ? {} : { portValue: destination.port },
        ),
      }),
      ...(described.protocol !== 'tcp' && { request: { http: httpOf(described) } }),
      contextExtensions: Object.fromEntries(described.context),
    },
  };
}

function peerOf(
  principal: string | undefined,
  socketAddress: { readonly address?: string; readonly portValue?: number },
): Peer {
  return {
    ...(principal !== undefined && { principal }),
    ...(Object.keys(socketAddress).length > 0 && { address: { socketAddress } }),
  };
}

function httpOf({ method, path, host = '', headers, body }: DescribedRequest): HttpAttributes {
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
      ...joined(headers),
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
function joined(sent: DescribedRequest['headers']): Record<string, string> {
  const headers = new Map<string, string>();
  for (const [sentName, sentValue] of sent) {
    const name = sentName.trim().toLowerCase();
    const before = headers.get(name);
    const value = sentValue.trim();
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return Object.fromEntries(headers);
}
