import type { JsonObject, JsonValue } from '../domain/json.ts';
import { type WireWriter } from './wire-writer.ts';

/** The fields of google.protobuf.Struct. */
export function writeStruct(writer: WireWriter, struct: JsonObject): void {
  for (const key of Object.keys(struct).toReversed()) {
    const before = writer.written();
    writeValue(writer, struct[key] ?? null);
    writer.close(2, before);
    writer.name(1, key);
    writer.close(1, before);
  }
}

/** A policy's number may have more digits than the double that a Struct has for it. */
function writeValue(writer: WireWriter, value: JsonValue): void {
  if (typeof value === 'string') writer.string(3, value);
  else if (typeof value === 'number') writer.double(2, value);
  else if (typeof value === 'boolean') writer.bool(4, value);
  else if (JSON.isRawJSON(value)) writer.double(2, Number(JSON.stringify(value)));
  else writeNested(writer, value);
}

function writeNested(writer: WireWriter, value: null | readonly JsonValue[] | JsonObject): void {
  if (value === null) {
    writer.uint32(1, 0);
    return;
  }
  const before = writer.written();
  if (isList(value)) {
    writeList(writer, value);
    writer.close(6, before);
  } else {
    writeStruct(writer, value);
    writer.close(5, before);
  }
}

function writeList(writer: WireWriter, list: readonly JsonValue[]): void {
  for (const value of list.toReversed()) {
    const before = writer.written();
    writeValue(writer, value);
    writer.close(1, before);
  }
}

function isList(value: readonly JsonValue[] | JsonObject): value is readonly JsonValue[] {
  return Array.isArray(value);
}
