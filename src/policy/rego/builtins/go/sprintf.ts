import type { BuiltinTable, Spend } from '../../builtin.ts';
import { isNumber, type RegoValue } from '../../value.ts';
import { type RegoNumber, writeNumber } from '../../number.ts';
import { sprintf } from './printf.ts';
import type { GoValue } from './printf-value.ts';
import { digitUnits } from '../exact-number.ts';
import { arrayOperand, stringOperand } from '../operands.ts';
import { literalOf } from '../rego-literal.ts';

/** OPA v1/topdown/strings.go. */
export const sprintfBuiltins: BuiltinTable = {
  sprintf: ({ spend }, format, values) => {
    const args = arrayOperand(values, 2).map((value) => goValue(value, spend));
    return sprintf(stringOperand(format, 1), args, spend);
  },
};

/** What is neither text nor number is passed on as the text that OPA writes for it. */
function goValue(value: RegoValue, spend: Spend): GoValue {
  if (typeof value === 'string') return { kind: 'string', value };
  return isNumber(value) ? goNumber(value, spend) : { kind: 'string', value: literalOf(value) };
}

/** A number is a float when it is written with a point or an exponent. */
function goNumber(number: RegoNumber, spend: Spend): GoValue {
  const text = writeNumber(number);
  spend(digitUnits(text.length));
  if (/^-?\d+$/.test(text)) {
    const value = BigInt(text);
    return BigInt.asIntN(64, value) === value ? { kind: 'int', value } : { kind: 'big', value };
  }
  const value = Number(text);
  return Number.isFinite(value) ? { kind: 'float', value } : { kind: 'string', value: text };
}
