import { compareNumbers, Decimal, type RegoNumber } from '../../number.ts';
import { readDecimal } from '../exact-number.ts';
import type { SchemaNode } from './node.ts';
import { boundText } from './text.ts';
import type { Verdict } from './verdict.ts';

export function judgeNumber(verdict: Verdict, { numbers }: SchemaNode, number: RegoNumber): void {
  const { multipleOf, maximum, exclusiveMaximum, minimum, exclusiveMinimum } = numbers;
  if (multipleOf !== undefined && !isMultiple(number, multipleOf)) {
    verdict.fault('multiple_of', `Must be a multiple of ${boundText(multipleOf)}`);
  }
  if (maximum !== undefined && compareNumbers(number, maximum) > 0) {
    verdict.fault('number_lte', `Must be less than or equal to ${boundText(maximum)}`);
  }
  if (exclusiveMaximum !== undefined && compareNumbers(number, exclusiveMaximum) >= 0) {
    verdict.fault('number_lt', `Must be less than ${boundText(exclusiveMaximum)}`);
  }
  if (minimum !== undefined && compareNumbers(number, minimum) < 0) {
    verdict.fault('number_gte', `Must be greater than or equal to ${boundText(minimum)}`);
  }
  if (exclusiveMinimum !== undefined && compareNumbers(number, exclusiveMinimum) <= 0) {
    verdict.fault('number_gt', `Must be greater than ${boundText(exclusiveMinimum)}`);
  }
  verdict.score += 1;
}

/** Exactly: 0.3 is a multiple of 0.1. */
function isMultiple(number: RegoNumber, factor: RegoNumber): boolean {
  const [value, unit] = [number, factor].map((one) =>
    readDecimal(one instanceof Decimal ? one.text : String(one)),
  );
  if (value === undefined || unit === undefined) return false;
  const exponent = Math.min(value.exponent, unit.exponent);
  const [digits, step] = [value, unit].map(
    (one) => one.digits * 10n ** BigInt(one.exponent - exponent),
  );
  return digits !== undefined && step !== undefined && digits % step === 0n;
}
