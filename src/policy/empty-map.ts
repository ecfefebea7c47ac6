/** An object for keys that callers choose: it has no prototype, so `__proto__` is a key. */
export function emptyMap<T>(): Record<string, T> {
  const map: Record<string, T> = {};
  Object.setPrototypeOf(map, null);
  return map;
}
