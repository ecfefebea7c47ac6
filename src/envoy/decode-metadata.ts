import type { Metadata } from '../domain/request/attributes.ts';
import { type Json, structField } from './decode-struct.ts';
import { emptyMap } from '../domain/empty-map.ts';
import { put } from './put.ts';
import { type WireReader } from './wire-reader.ts';

/** envoy.config.core.v3.Metadata. */
export function metadataField(reader: WireReader, field: number, metadata: Metadata): void {
  switch (field) {
    case 1: {
      const entry = reader.message({ key: '', value: emptyMap<Json>() }, filterEntryField);
      (metadata.filterMetadata ??= emptyMap())[entry.key] = entry.value;
      break;
    }
    case 2: {
      const entry = reader.message<TypedEntry>({ key: '', value: {} }, typedEntryField);
      (metadata.typedFilterMetadata ??= emptyMap())[entry.key] = entry.value;
      break;
    }
    default:
      reader.skip();
  }
}

type FilterEntry = { key: string; value: Record<string, Json> };

function filterEntryField(reader: WireReader, field: number, entry: FilterEntry): void {
  switch (field) {
    case 1:
      entry.key = reader.string();
      break;
    case 2:
      reader.message(entry.value, structField);
      break;
    default:
      reader.skip();
  }
}

type Any = NonNullable<Metadata['typedFilterMetadata']>[string];
type TypedEntry = { key: string; value: Any };

function typedEntryField(reader: WireReader, field: number, entry: TypedEntry): void {
  switch (field) {
    case 1:
      entry.key = reader.string();
      break;
    case 2:
      reader.message(entry.value, anyField);
      break;
    default:
      reader.skip();
  }
}

function anyField(reader: WireReader, field: number, any: Any): void {
  switch (field) {
    case 1:
      put(any, 'typeUrl', reader.string());
      break;
    case 2:
      put(any, 'value', reader.bytes());
      break;
    default:
      reader.skip();
  }
}
