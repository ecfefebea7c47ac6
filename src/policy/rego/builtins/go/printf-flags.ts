/** What stands between the percent sign and the verb. */
export interface FormatFlags {
  plus: boolean;
  minus: boolean;
  sharp: boolean;
  space: boolean;
  zero: boolean;
  /** `%#v`. */
  sharpValue: boolean;
  width: number | undefined;
  precision: number | undefined;
}

/** To the width, counted in code points; with zeros only on the left. */
export function pad(text: string, { width = 0, minus, zero }: FormatFlags): string {
  const missing = width - Array.from(text).length;
  if (missing <= 0) return text;
  if (minus) return text + ' '.repeat(missing);
  return (zero ? '0' : ' ').repeat(missing) + text;
}

export function positiveSign({ plus, space }: FormatFlags): string {
  if (plus) return '+';
  return space ? ' ' : '';
}
