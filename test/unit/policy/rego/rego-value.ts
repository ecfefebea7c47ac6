import * as fc from 'fast-check';
import { readNumber } from '../../../../src/policy/rego/number.ts';
import { RegoObject, RegoSet, type RegoValue } from '../../../../src/policy/rego/value.ts';

const digits = fc.stringMatching(/^-?\d{1,25}(\.\d{1,25})?([eE][+-]?\d{1,2})?$/);

/** Any value of Rego. */
export const { value: regoValue } = fc.letrec<{ value: RegoValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false),
    fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
    fc.oneof(digits, fc.integer().map(String)).map(readNumber),
    fc.array(tie('value')),
    fc.array(tie('value')).map((values) => RegoSet.of(values)),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((entries) => RegoObject.of(entries)),
  ),
}));
