import type { JsonObject, JsonValue } from '../domain/json.ts';

/** `google.protobuf.Struct` as proto-loader gives it. */
export interface Struct {
  readonly fields?: Readonly<Record<string, StructValue>>;
}

interface StructValue {
  readonly nullValue?: number;
  readonly numberValue?: number;
  readonly stringValue?: string;
  readonly boolValue?: boolean;
  readonly structValue?: Struct;
  readonly listValue?: { readonly values?: readonly StructValue[] };
}

export function jsonOfStruct({ fields = {} }: Struct): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, jsonOfValue(value)]),
  );
}

function jsonOfValue(value: StructValue): JsonValue {
  if (value.structValue !== undefined) return jsonOfStruct(value.structValue);
  if (value.listValue !== undefined) return (value.listValue.values ?? []).map(jsonOfValue);
  return value.stringValue ?? value.numberValue ?? value.boolValue ?? null;
}
