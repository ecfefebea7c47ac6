import type { DataPart } from './policy-bundle.ts';

/** All of `data` as one JSON text, without a look into its parts. */
export function joinData(parts: readonly DataPart[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only?.path.length === 0) return only.json;
  return Buffer.concat(texts(parts, 0));
}

function texts(parts: readonly DataPart[], depth: number): Uint8Array[] {
  const [only] = parts;
  // No two parts have a place in common, and so it is alone.
  if (only?.path.length === depth) return [only.json];
  const members = Map.groupBy(parts, ({ path }) => path[depth] ?? '');
  const written = Array.from(members, ([key, below], index) => [
    Buffer.from(`${index === 0 ? '' : ','}${JSON.stringify(key)}:`),
    ...texts(below, depth + 1),
  ]);
  return [Buffer.from('{'), ...written.flat(), Buffer.from('}')];
}
