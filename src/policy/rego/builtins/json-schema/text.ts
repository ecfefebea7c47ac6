import {
  Decimal,
  isArray,
  isNumber,
  RegoObject,
  type RegoNumber,
  type RegoValue,
} from '../../value.ts';
import { jsonText } from '../json-text.ts';

/** Values that gojsonschema takes for equal have the same text: numbers are equal as doubles. */
export function canonicalText(value: RegoValue): string {
  return jsonText(withDoubles(value));
}

function withDoubles(value: RegoValue): RegoValue {
  if (isNumber(value)) return doubleOf(value);
  if (isArray(value)) return value.map(withDoubles);
  if (!(value instanceof RegoObject)) return value;
  return RegoObject.of(value.entries.map(([key, member]) => [key, withDoubles(member)] as const));
}

function doubleOf(number: RegoNumber): number {
  return Number(number instanceof Decimal ? number.text : number);
}

/** A bound as Go's big.Float shows it: with an exponent from a million on. */
export function boundText(number: RegoNumber): string {
  const double = doubleOf(number);
  const [mantissa = '', power = '0'] = double.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(double);
  const digits = String(Math.abs(exponent)).padStart(2, '0');
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`;
}

/** Of a document that was read from JSON every key is a text. */
export function textKey(key: RegoValue): string {
  return typeof key === 'string' ? key : jsonText(key);
}
