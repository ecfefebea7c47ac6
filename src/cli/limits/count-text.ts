/** A count that may be too high by `overcount`: `41`, or `12…200`. */
export function countText(count: number, overcount: number): string {
  return overcount === 0 ? String(count) : `${count - overcount}…${count}`;
}
