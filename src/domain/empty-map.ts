/**
 * A map for keys that strangers choose: what it inherits from is empty, so `constructor` and
 * `__proto__` are keys like any other. Made by a constructor, because V8 keeps what
 * `Object.create(null)` makes in its slow form.
 */
export function emptyMap<V>(): Record<string, V> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no class has such a prototype
  return new (Bare as unknown as new () => Record<string, V>)();
}

function Bare(): void {}
Object.defineProperty(Bare, 'prototype', { value: Object.create(null) });
