import { emptyMap } from '../domain/empty-map.ts';
import { type WireReader } from './wire-reader.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface ValueSlot {
  value: Json;
}

interface StructEntry extends ValueSlot {
  key: string;
}

/** google.protobuf.Struct, into a plain object without a prototype. */
export function structField(reader: WireReader, field: number, struct: Record<string, Json>): void {
  if (field !== 1) {
    reader.skip();
    return;
  }
  const entry = reader.message<StructEntry>({ key: '', value: null }, entryField);
  struct[entry.key] = entry.value;
}

function entryField(reader: WireReader, field: number, entry: StructEntry): void {
  switch (field) {
    case 1:
      entry.key = reader.string();
      break;
    case 2:
      reader.message<ValueSlot>(entry, valueField);
      break;
    default:
      reader.skip();
  }
}

/** google.protobuf.Value: the last kind wins; a struct merges into a struct, a list into a list. */
function valueField(reader: WireReader, field: number, slot: ValueSlot): void {
  switch (field) {
    case 1:
      reader.int32();
      slot.value = null;
      break;
    case 2:
      slot.value = reader.double();
      break;
    case 3:
      slot.value = reader.string();
      break;
    case 4:
      slot.value = reader.bool();
      break;
    case 5:
      slot.value = reader.message(
        isStruct(slot.value) ? slot.value : emptyMap<Json>(),
        structField,
      );
      break;
    case 6:
      slot.value = reader.message(Array.isArray(slot.value) ? slot.value : [], listField);
      break;
    default:
      reader.skip();
  }
}

function listField(reader: WireReader, field: number, list: Json[]): void {
  if (field === 1) list.push(reader.message<ValueSlot>({ value: null }, valueField).value);
  else reader.skip();
}

function isStruct(value: Json): value is { [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
