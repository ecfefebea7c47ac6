const durationUnitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const sizeUnitBytes: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `500ms`, `30s`, `5m`, `24h` as milliseconds. One number and one unit: one way to write it. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, durationUnitMs);
}

/** `512B`, `64KiB`, `4MiB`, `1GiB` as bytes. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, sizeUnitBytes);
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const [, count, unit] = /^(\d{1,12})([A-Za-z]{1,3})$/.exec(text) ?? [];
  if (count === undefined || unit === undefined || !Object.hasOwn(units, unit)) return undefined;
  const quantity = Number(count) * (units[unit] ?? NaN);
  return Number.isSafeInteger(quantity) ? quantity : undefined;
}

export interface Rate {
  readonly quota: number;
  readonly windowMs: number;
}

/** `100/1m`: 100 units in 60000 ms. */
export function parseRate(text: string): Rate | undefined {
  const [, count, window] = /^(\d{1,9})\/(\w+)$/.exec(text) ?? [];
  const windowMs = parseDuration(window ?? '');
  return count === undefined || windowMs === undefined
    ? undefined
    : { quota: Number(count), windowMs };
}
