import type { BuiltinTable } from '../builtin.ts';
import { RegoSet, type RegoTypeName, type RegoValue, typeNameOf } from '../value.ts';
import { membersOf, operandTypeError } from './operands.ts';

/** OPA v1/topdown/casts.go. Deprecated in Rego, but still callable by v0 policies. */
export const castBuiltins: BuiltinTable = {
  cast_array: (_call, value) => members(value),
  cast_set: (_call, value) => RegoSet.of(members(value)),
  cast_string: (_call, value) => only('string', value),
  cast_boolean: (_call, value) => only('boolean', value),
  cast_null: (_call, value) => only('null', value),
  cast_object: (_call, value) => only('object', value),
};

function members(value: RegoValue): readonly RegoValue[] {
  const held = membersOf(value);
  if (held === undefined) throw operandTypeError(1, value, 'array', 'set');
  return held;
}

function only(type: RegoTypeName, value: RegoValue): RegoValue {
  if (typeNameOf(value) !== type) throw operandTypeError(1, value, type);
  return value;
}
