let second = Number.NaN;
let secondText = '';

/**
 * RFC 3339 with nanoseconds, as OPA's; what the clock does not know is zeros. The text of a second
 * is kept for all the records that are made in it.
 */
export function timestampOf(epochMs: number): string {
  const itsSecond = Math.floor(epochMs / 1000);
  if (itsSecond !== second) {
    second = itsSecond;
    secondText = new Date(second * 1000).toISOString().slice(0, -'.000Z'.length);
  }
  const ms = epochMs - second * 1000;
  const wholeMs = Math.floor(ms);
  const nanos = Math.floor((ms - wholeMs) * 1e6);
  return `${secondText}.${String(wholeMs).padStart(3, '0')}${String(nanos).padStart(6, '0')}Z`;
}
