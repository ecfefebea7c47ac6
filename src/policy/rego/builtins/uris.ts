import { BuiltinError, type BuiltinTable } from '../builtin.ts';
import { RegoObject } from '../value.ts';
import { parseUri, type UriParts } from './go/uri.ts';
import { stringOperand } from './operands.ts';

/** OPA v1/topdown/uri.go. */
export const uriBuiltins: BuiltinTable = {
  'uri.is_valid': (_call, uri) =>
    typeof uri === 'string' && uri !== '' && parseUri(uri) !== undefined,
  'uri.parse': (_call, uri) => {
    const parts = parseUri(stringOperand(uri, 1));
    if (parts === undefined) throw new BuiltinError('invalid URI');
    return presentParts(parts);
  },
};

function presentParts(parts: UriParts): RegoObject {
  return RegoObject.of(Object.entries(parts).filter(([, text]) => text !== ''));
}
