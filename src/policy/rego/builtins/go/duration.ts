import { BuiltinError } from '../../builtin.ts';

const unitNs: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** OPA's own units, in hours; it reads their amounts as doubles. */
const extendedHours: Readonly<Record<string, number>> = { d: 24, w: 168, y: 8760 };

const segmentPattern = /(\d*)(\.?)(\d*)([^\d.]+)/y;

/** Go's time.ParseDuration with days, weeks and years, in nanoseconds. */
export function parseDuration(text: string): bigint {
  const unsigned = text.replace(/^[+-]/, '');
  if (unsigned === '0') return 0n;
  let total = 0n;
  let at = 0;
  while (at < unsigned.length) {
    segmentPattern.lastIndex = at;
    const match = segmentPattern.exec(unsigned);
    if (match === null) throw invalid(text);
    const [segment, whole = '', , fraction = '', unit = ''] = match;
    if (whole === '' && fraction === '') throw invalid(text);
    total += segmentNs(whole, fraction, unit, text);
    at += segment.length;
  }
  const limit = text.startsWith('-') ? 1n << 63n : (1n << 63n) - 1n;
  if (unsigned === '' || total > limit) throw invalid(text);
  return text.startsWith('-') ? -total : total;
}

function segmentNs(whole: string, fraction: string, unit: string, text: string): bigint {
  const hours = extendedHours[unit];
  if (hours !== undefined) {
    const [amount = '0', rest = ''] = plain(Number(`${whole}.${fraction}`) * hours).split('.');
    return segmentNs(amount, rest, 'h', text);
  }
  const ns = unitNs[unit];
  if (ns === undefined) throw invalid(text);
  return BigInt(whole === '' ? '0' : whole) * ns + fractionNs(fraction, ns);
}

/** Go multiplies the fraction as a double, and leaves digits beyond 63 bits out. */
function fractionNs(fraction: string, ns: bigint): bigint {
  const kept = fraction.slice(0, 18);
  if (kept === '') return 0n;
  return BigInt(Math.trunc(Number(kept) * (Number(ns) / 10 ** kept.length)));
}

function plain(hours: number): string {
  return hours < 1e21 ? hours.toFixed(10).replace(/0+$/, '') : String(BigInt(hours));
}

function invalid(text: string): BuiltinError {
  return new BuiltinError(`time: invalid duration ${JSON.stringify(text)}`);
}
