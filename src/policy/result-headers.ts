import type { HeaderField, QueryParameter } from '../domain/decision.ts';
import { headerSetFault } from '../domain/header.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../domain/json.ts';
import {
  arrayOf,
  type FieldReader,
  mismatch,
  readObject,
  readString,
  ResultFault,
} from './result-field.ts';

/**
 * Headers to write: an object of strings and arrays of strings, or an array of such objects. None
 * may be one that Envoy cannot write, or Sallyport's own, which say who decided.
 */
export function headersExcept(reservedPrefix: string): FieldReader<readonly HeaderField[]> {
  return (value, name) => {
    const objects = isJsonArray(value)
      ? arrayOf(readObject)(value, name)
      : [readObject(value, name)];
    const fields = objects
      .flatMap((object) => pairsOf(object, name))
      .map(([header, text]) => ({ name: header, value: text }));
    return checked(fields, name, reservedPrefix);
  };
}

/** Names of headers to remove, under the same rules as those to write. */
export function headerNamesExcept(reservedPrefix: string): FieldReader<readonly string[]> {
  return (value, name) => {
    const names = arrayOf(readString)(value, name);
    checked(
      names.map((header) => ({ name: header, value: '' })),
      name,
      reservedPrefix,
    );
    return names;
  };
}

export function readQueryParameters(value: JsonValue, name: string): readonly QueryParameter[] {
  return pairsOf(readObject(value, name), name).map(([key, text]) => ({
    key: readQueryText(key, name),
    value: readQueryText(text, `${name}.${key}`),
  }));
}

/** Text that Envoy writes into the path: what ends a line there would end the request's line. */
export function readQueryText(value: JsonValue, name: string): string {
  const text = readString(value, name);
  if (/[\r\n\0]/.test(text)) throw new ResultFault(`${name} has a control character`);
  return text;
}

/** `{"a": "1", "b": ["2", "3"]}` as pairs. */
function pairsOf(object: JsonValue, name: string): [key: string, text: string][] {
  if (!isJsonObject(object)) throw mismatch(name, 'an object', object);
  return Object.entries(object).flatMap(([key, value]) => {
    const at = `${name}.${key}`;
    const texts = isJsonArray(value) ? arrayOf(readString)(value, at) : [readString(value, at)];
    return texts.map((text): [string, string] => [key, text]);
  });
}

function checked(
  fields: readonly HeaderField[],
  name: string,
  reservedPrefix: string,
): readonly HeaderField[] {
  const fault = headerSetFault(fields);
  if (fault !== undefined) throw new ResultFault(`${name}: ${fault}`);
  const reserved = fields.find((field) => field.name.toLowerCase().startsWith(reservedPrefix));
  if (reserved !== undefined) {
    throw new ResultFault(`${name}: ${reserved.name} is reserved for this server`);
  }
  return fields;
}
