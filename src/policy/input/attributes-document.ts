import type {
  HttpAttributes,
  Metadata,
  RequestAttributes,
} from '../../domain/request/attributes.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { RequestView } from '../../domain/request/request.ts';
import { emptyMap } from '../../domain/empty-map.ts';

/**
 * Envoy's attributes as `input.attributes`: what is bytes becomes base64. `http.headers` is what every
 * other stage reads, so that header rules, limits and tokens are of one request: also with
 * `encode_raw_headers`, where Envoy leaves it empty (opa-envoy-plugin leaves it so too), and where
 * somebody else than Envoy asks, with names in upper case.
 */
export function attributesDocument({ attributes, headers }: RequestView): JsonObject {
  const { request, metadataContext, routeMetadataContext } = attributes;
  const document = {
    ...attributes,
    ...(request && { request: requestDocument(request, headers) }),
    ...(metadataContext && { metadataContext: metadataDocument(metadataContext) }),
    ...(routeMetadataContext && { routeMetadataContext: metadataDocument(routeMetadataContext) }),
  };
  return asJson(document);
}

function requestDocument(request: RequestAttributes, headers: RequestView['headers']) {
  const { http } = request;
  return http === undefined ? request : { ...request, http: httpDocument(http, headers) };
}

function httpDocument(http: HttpAttributes, headers: RequestView['headers']) {
  const { rawBody, headerMap } = http;
  return {
    ...http,
    ...(Object.keys(headers).length > 0 && { headers }),
    ...(rawBody && { rawBody: base64(rawBody) }),
    ...(headerMap?.headers && {
      headerMap: {
        headers: headerMap.headers.map((entry) =>
          entry.rawValue ? { ...entry, rawValue: base64(entry.rawValue) } : entry,
        ),
      },
    }),
  };
}

function metadataDocument(metadata: Metadata) {
  if (metadata.typedFilterMetadata === undefined) return metadata;
  const typedFilterMetadata = emptyMap<JsonObject>();
  for (const [name, { typeUrl, value }] of Object.entries(metadata.typedFilterMetadata)) {
    typedFilterMetadata[name] = {
      ...(typeUrl && { typeUrl }),
      ...(value && { value: base64(value) }),
    };
  }
  return { ...metadata, typedFilterMetadata };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}

/** Envoy's attributes are JSON but for the bytes, which are replaced above. */
function asJson(document: object): JsonObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a walk per check would prove no more
  return document as JsonObject;
}
