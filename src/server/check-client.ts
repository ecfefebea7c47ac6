import { Client, credentials } from '@grpc/grpc-js';
import { formatAddress, type ListenAddress } from '../domain/listen-address.ts';
import type { AttributeContext } from '../domain/attributes.ts';
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

/** A client of `envoy.service.auth.v3.Authorization`, over plaintext. */
export function createCheckClient(address: ListenAddress): CheckClient {
  const { Check: method } = loadProtoService(
    'envoy/service/auth/v3/external_auth.proto',
    'envoy.service.auth.v3.Authorization',
    ['Check'],
  );
  const target = formatAddress(address);
  // A proxy of the environment is meant for the web, not for the server next door.
  const client = new Client(target, credentials.createInsecure(), { 'grpc.enable_http_proxy': 0 });

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

function readable({ dynamicMetadata, ...response }: WireResponse): CheckResponse {
  return dynamicMetadata === undefined
    ? response
    : { ...response, dynamicMetadata: jsonOfStruct(dynamicMetadata) };
}
