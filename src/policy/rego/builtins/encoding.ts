import { BuiltinError, type BuiltinTable } from '../builtin.ts';
import { type RegoEntry, RegoObject, type RegoValue } from '../value.ts';
import { parseQuery, queryEscape, queryUnescape } from './go/url.ts';
import { objectKeyText } from './json-text.ts';
import { membersOf, objectOperand, operandError, stringOperand } from './operands.ts';

/** OPA v1/topdown/encoding.go: what of it the WASM module leaves to its host. */
export const encodingBuiltins: BuiltinTable = {
  'base64url.encode_no_pad': (_call, text) =>
    Buffer.from(stringOperand(text, 1)).toString('base64url'),
  'hex.encode': (_call, text) => Buffer.from(stringOperand(text, 1)).toString('hex'),
  'hex.decode': (_call, text) => hexDecoded(stringOperand(text, 1)),
  'urlquery.encode': (_call, text) => queryEscape(stringOperand(text, 1)),
  'urlquery.decode': (_call, text) => queryUnescape(stringOperand(text, 1)),
  'urlquery.encode_object': (_call, object) => encodedObject(objectOperand(object, 1)),
  'urlquery.decode_object': (_call, query) => decodedObject(stringOperand(query, 1)),
};

function hexDecoded(text: string): string {
  if (text.length % 2 !== 0 || /[^0-9a-fA-F]/.test(text)) {
    throw new BuiltinError('encoding/hex: invalid byte or odd length hex string');
  }
  return Buffer.from(text, 'hex').toString('utf8');
}

/** The object's own order is Go's order of the keys too. */
function encodedObject(object: RegoObject): string {
  return object.entries
    .flatMap(([key, value]) => {
      const name = queryEscape(objectKeyText(key));
      return queryValues(value).map((text) => `${name}=${queryEscape(text)}`);
    })
    .join('&');
}

function queryValues(value: RegoValue): readonly string[] {
  const values = typeof value === 'string' ? [value] : membersOf(value);
  if (values?.every((one) => typeof one === 'string') === true) return values;
  throw operandError(1, 'values must be string, array[string], or set[string]');
}

function decodedObject(query: string): RegoObject {
  return RegoObject.of(Array.from(parseQuery(query), ([key, values]): RegoEntry => [key, values]));
}
