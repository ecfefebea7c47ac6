const units = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const;

/** For people, rounded up to two units: `1h30m`, `41s`, `250ms`. */
export function durationText(ms: number): string {
  const first = units.findIndex(([, unitMs]) => ms >= unitMs);
  const [unit, unitMs] = units[first] ?? ['ms', 1];
  const [smallUnit, smallMs] = units[first + 1] ?? [unit, unitMs];
  // A second of a window of hours says nothing.
  const stepMs = unit === 's' ? unitMs : smallMs;
  const wholeMs = Math.ceil(ms / stepMs) * stepMs;
  const [, largerMs = Infinity] = units[first - 1] ?? [];
  if (wholeMs >= largerMs) return durationText(wholeMs);
  const rest = Math.round((wholeMs % unitMs) / smallMs);
  const whole = `${Math.floor(wholeMs / unitMs)}${unit}`;
  return rest === 0 || unit === smallUnit ? whole : `${whole}${rest}${smallUnit}`;
}
