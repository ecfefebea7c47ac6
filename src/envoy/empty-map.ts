/** A map in which `constructor` and `__proto__` are keys like any other. */
export function emptyMap<V>(): Record<string, V> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- Object.create is typed any
  return Object.create(null) as Record<string, V>;
}
