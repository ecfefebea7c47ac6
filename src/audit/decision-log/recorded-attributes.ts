import type {
  AttributeContext,
  HeaderMapEntry,
  HttpAttributes,
} from '../../domain/request/attributes.ts';
import { emptyMap } from '../../domain/empty-map.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

/**
 * What a request is read from again, out of a record's `input.attributes`. Without the body, and
 * without what was masked.
 */
export function recordedAttributes(attributes: JsonObject): AttributeContext {
  const address = at(attributes, 'source', 'address', 'socketAddress', 'address');
  const source = at(attributes, 'source', 'principal');
  const destination = at(attributes, 'destination', 'principal');
  const http = at(attributes, 'request', 'http');
  return {
    source: {
      address: { socketAddress: { ...(typeof address === 'string' && { address }) } },
      ...(typeof source === 'string' && { principal: source }),
    },
    destination: { ...(typeof destination === 'string' && { principal: destination }) },
    request: { ...(isJsonObject(http) && { http: httpOf(http) }) },
    contextExtensions: textsIn(attributes['contextExtensions']),
  };
}

function httpOf(http: JsonObject): HttpAttributes {
  const { method, path, host, headers, headerMap } = http;
  return {
    ...(typeof method === 'string' && { method }),
    ...(typeof path === 'string' && { path }),
    ...(typeof host === 'string' && { host }),
    headers: textsIn(headers),
    ...(isJsonObject(headerMap) && { headerMap: { headers: entriesIn(headerMap['headers']) } }),
  };
}

function entriesIn(value: JsonValue | undefined): HeaderMapEntry[] {
  const entries = isJsonArray(value) ? value.filter(isJsonObject) : [];
  return entries.map((entry) => ({
    ...(typeof entry['key'] === 'string' && { key: entry['key'] }),
    ...(typeof entry['value'] === 'string' && { value: entry['value'] }),
    ...(typeof entry['rawValue'] === 'string' && {
      rawValue: Buffer.from(entry['rawValue'], 'base64'),
    }),
  }));
}

function textsIn(value: JsonValue | undefined): Record<string, string> {
  const texts = emptyMap<string>();
  for (const [name, text] of Object.entries(isJsonObject(value) ? value : {})) {
    if (typeof text === 'string') texts[name] = text;
  }
  return texts;
}

function at(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce((inner, name) => (isJsonObject(inner) ? inner[name] : undefined), value);
}
