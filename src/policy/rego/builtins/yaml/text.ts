import { type RegoNumber, writeNumber } from '../../number.ts';
import { isArray, isNumber, RegoObject, RegoSet, type RegoValue } from '../../value.ts';
import { formatFloat } from '../go/float.ts';
import { objectKeyText } from '../json-text.ts';
import { compareKeys, isSimpleKey, yamlScalar } from './scalar.ts';

/** A value as go-yaml v3 writes it with an indent of two; sets as lists, keys as text. */
export function yamlText(value: RegoValue): string {
  const lines = blockLines(value, '') ?? [scalar(value, '  ')];
  return `${lines.join('\n')}\n`;
}

/** The lines of a list or an object; undefined for what stands on the line of its key. */
function blockLines(value: RegoValue, indent: string): string[] | undefined {
  if (isArray(value)) return listLines(value, indent);
  if (value instanceof RegoSet) return listLines(value.values, indent);
  return value instanceof RegoObject ? objectLines(value, indent) : undefined;
}

function listLines(values: readonly RegoValue[], indent: string): string[] | undefined {
  if (values.length === 0) return undefined;
  return values.flatMap((value) => marked('- ', value, indent));
}

/** A value right behind a sign of two characters, on whose line it begins. */
function marked(sign: '- ' | '? ' | ': ', value: RegoValue, indent: string): string[] {
  const inner = `${indent}  `;
  const [first = '', ...rest] = blockLines(value, inner) ?? [inner + scalar(value, inner)];
  return [indent + sign + first.slice(inner.length), ...rest];
}

function objectLines(object: RegoObject, indent: string): string[] | undefined {
  if (object.entries.length === 0) return undefined;
  const inner = `${indent}  `;
  return object.entries
    .map(([key, value]) => [objectKeyText(key), value] as const)
    .toSorted(([a], [b]) => compareKeys(a, b))
    .flatMap(([key, value]) => {
      if (!isSimpleKey(key)) return [...marked('? ', key, indent), ...marked(': ', value, indent)];
      const lines = blockLines(value, inner);
      const name = `${indent}${yamlScalar(key, inner)}:`;
      return lines === undefined ? [`${name} ${scalar(value, inner)}`] : [name, ...lines];
    });
}

function scalar(value: RegoValue, indent: string): string {
  if (typeof value === 'string') return yamlScalar(value.toWellFormed(), indent);
  if (isNumber(value)) return numberText(value);
  if (value === null || typeof value === 'boolean') return String(value);
  return value instanceof RegoObject ? '{}' : '[]';
}

/** Integers of 64 bits keep their digits; others become doubles on OPA's way to YAML, if they can. */
function numberText(number: RegoNumber): string {
  const text = writeNumber(number);
  const integer = /^-?\d+$/.test(text) ? BigInt(text) : undefined;
  const fits = integer !== undefined && integer >= -(2n ** 63n) && integer < 2n ** 64n;
  const double = Number(text);
  return fits || !Number.isFinite(double) ? text : formatFloat(double, 'g', -1);
}
