import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Client, credentials } from '@grpc/grpc-js';
import { spiffeIdIn } from '../domain/identity/certificate-names.ts';
import { formatAddress, type ListenAddress } from '../domain/listen-address.ts';
import type { AttributeContext } from '../domain/request/attributes.ts';
import type { JsonObject } from '../domain/json.ts';
import { loadProtoService } from './proto-service.ts';
import { jsonOfStruct, type Struct } from './struct.ts';

export interface CheckClient {
  /** Asks as Envoy asks. Rejects with a sentence when there is no answer within `timeoutMs`. */
  check(request: CheckRequest, options: { readonly timeoutMs: number }): Promise<CheckResponse>;
  close(): void;
}

export interface CheckRequest {
  /** Without metadata, which Envoy adds from its other filters. */
  readonly attributes: Omit<AttributeContext, 'metadataContext' | 'routeMetadataContext'>;
}

/** `envoy.service.auth.v3.CheckResponse`. What was not sent is absent; no status code is 0, an allow. */
export interface CheckResponse {
  readonly status?: { readonly code?: number; readonly message?: string };
  readonly deniedResponse?: DeniedHttpResponse;
  readonly okResponse?: OkHttpResponse;
  readonly errorResponse?: DeniedHttpResponse;
  readonly dynamicMetadata?: JsonObject;
}

export interface DeniedHttpResponse {
  readonly status?: { readonly code?: number };
  readonly headers?: readonly HeaderValueOption[];
  readonly body?: string;
}

export interface OkHttpResponse {
  readonly headers?: readonly HeaderValueOption[];
  readonly headersToRemove?: readonly string[];
  readonly responseHeadersToAdd?: readonly HeaderValueOption[];
  readonly queryParametersToSet?: readonly { readonly key?: string; readonly value?: string }[];
  readonly queryParametersToRemove?: readonly string[];
}

export interface HeaderValueOption {
  readonly header?: { readonly key?: string; readonly value?: string };
  readonly append?: { readonly value?: boolean };
  readonly appendAction?: number;
}

type WireResponse = Omit<CheckResponse, 'dynamicMetadata'> & { readonly dynamicMetadata?: Struct };

/** What a client shows to a server with `server.tls`, and how it knows it: PEM. */
export interface CheckClientTls {
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly privateKey: Buffer;
  /** The server's SPIFFE ID or DNS name; absent: the host that is connected to. */
  readonly serverName?: string;
}

/** A client of `envoy.service.auth.v3.Authorization`; without `tls` over plaintext. */
export function createCheckClient(address: ListenAddress, tls?: CheckClientTls): CheckClient {
  const { Check: method } = loadProtoService(
    'envoy/service/auth/v3/external_auth.proto',
    'envoy.service.auth.v3.Authorization',
    ['Check'],
  );
  const target = formatAddress(address);
  // A proxy of the environment is meant for the web, not for the server next door.
  const host = address.kind === 'tcp' ? address.host : '';
  const channel = tls === undefined ? credentials.createInsecure() : mutualTls(tls, host);
  const client = new Client(target, channel, {
    'grpc.enable_http_proxy': 0,
    // Else an address would be sent as a server name, which RFC 6066 §3 forbids.
    'grpc.ssl_target_name_override': 'sallyport',
  });

  function check(
    request: CheckRequest,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<CheckResponse> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest<CheckRequest, WireResponse>(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        { deadline: Date.now() + timeoutMs },
        (fault, response) => {
          if (response !== undefined) resolve(readable(response));
          else reject(new Error(`${target} did not answer: ${fault?.details}`, { cause: fault }));
        },
      );
    });
  }

  return {
    check,
    close: () => {
      client.close();
    },
  };
}

function mutualTls(tls: CheckClientTls, host: string) {
  const { ca, certificate, privateKey, serverName = host } = tls;
  return credentials.createSsl(ca, privateKey, certificate, {
    checkServerIdentity: (_sentName, shown) =>
      serverName.startsWith('spiffe://')
        ? spiffeFault(serverName, shown)
        : checkServerIdentity(serverName, shown),
  });
}

function spiffeFault(expected: string, { subjectaltname }: PeerCertificate): Error | undefined {
  return spiffeIdIn(subjectaltname)?.uri === expected
    ? undefined
    : new Error(
        `the server is not ${expected}, but has the names ${subjectaltname ?? 'of nobody'}`,
      );
}

function readable({ dynamicMetadata, ...response }: WireResponse): CheckResponse {
  return dynamicMetadata === undefined
    ? response
    : { ...response, dynamicMetadata: jsonOfStruct(dynamicMetadata) };
}
