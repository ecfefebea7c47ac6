import { emptyMap } from '../../../src/domain/empty-map.ts';

type Plain = { [key: string]: unknown };

/** What protobufjs decoded, in the form of `AttributeContext`. */
export function attributesOf(decoded: object): unknown {
  return reshape((decoded as Plain)['attributes'] ?? {}, 'attributes');
}

const maps = new Set(['headers', 'labels', 'contextExtensions']);

function reshape(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((item) => reshape(item, ''));
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const entries = Object.entries(value);
  if (name === 'filterMetadata') return mapOf(mapValues(value as Plain, structOf));
  if (name === 'typedFilterMetadata') return mapOf(mapValues(value as Plain, anyOf));
  if (maps.has(name)) return mapOf(value as Plain);
  return Object.fromEntries(
    entries
      .filter(([key, item]) => alwaysPresent.has(key) || !isDefault(item))
      .map(([key, item]) => [key, reshape(item, key)]),
  );
}

/** Members of a oneof are present even with their default values. */
const alwaysPresent = new Set(['portValue', 'namedPort', 'serverListenerName']);

function isDefault(value: unknown): boolean {
  return !value || (Buffer.isBuffer(value) && value.length === 0);
}

export function mapOf(entries: Plain | Readonly<Record<string, string>>): object {
  const map: Plain = emptyMap();
  for (const [key, value] of Object.entries(entries)) map[key] = value;
  return map;
}

function mapValues(map: Plain, convert: (value: Plain) => unknown): Plain {
  return Object.fromEntries(
    Object.entries(map).map(([key, value]) => [key, convert(value as Plain)]),
  );
}

function structOf(struct: Plain): object {
  return mapOf(mapValues((struct['fields'] ?? {}) as Plain, valueOf));
}

function valueOf(value: Plain): unknown {
  if ('structValue' in value) return structOf(value['structValue'] as Plain);
  if ('listValue' in value) {
    return (((value['listValue'] as Plain)['values'] ?? []) as Plain[]).map(valueOf);
  }
  if ('nullValue' in value) return null;
  return value['numberValue'] ?? value['stringValue'] ?? value['boolValue'] ?? null;
}

function anyOf(any: Plain): object {
  const { type_url: typeUrl, value } = any;
  return Object.fromEntries(
    Object.entries({ typeUrl, value }).filter(([, item]) => !isDefault(item)),
  );
}
