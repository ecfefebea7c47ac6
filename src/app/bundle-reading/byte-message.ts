/** A message between processes: its structure, and beside it the bytes, which may be many. */
export interface ByteMessage {
  readonly structure: unknown;
  readonly bytes: readonly Uint8Array[];
}

/** Stands in a structure for the bytes at an index. */
interface BytesAt {
  readonly bytesAt: number;
}

/** Takes plain values, arrays, Maps and objects apart. Bytes that occur twice go once. */
export function takeApart(message: unknown): ByteMessage {
  const indexes = new Map<Uint8Array, number>();
  const structure = mapped(message, (value) => {
    if (!(value instanceof Uint8Array)) return undefined;
    const bytesAt = indexes.get(value) ?? indexes.size;
    indexes.set(value, bytesAt);
    return { bytesAt } satisfies BytesAt;
  });
  return { structure, bytes: [...indexes.keys()] };
}

export function putTogether({ structure, bytes }: ByteMessage): unknown {
  return mapped(structure, (value) =>
    typeof value === 'object' && value !== null && 'bytesAt' in value
      ? bytes[Number(value.bytesAt)]
      : undefined,
  );
}

/** The bytes of a message, each of them in its own memory, that threads share. */
export async function receiveBytes(
  stream: AsyncIterable<unknown> | Iterable<unknown>,
  lengths: readonly number[],
): Promise<Uint8Array[]> {
  const all = lengths.map((length) => new Uint8Array(new SharedArrayBuffer(length)));
  const empty = all.filter(({ length }) => length > 0);
  let filled = 0;
  for await (const chunk of stream) {
    if (!(chunk instanceof Uint8Array)) continue;
    for (let taken = 0; taken < chunk.length;) {
      const [target] = empty;
      if (target === undefined) throw new Error('more bytes have come than were to');
      const part = chunk.subarray(taken, taken + target.length - filled);
      target.set(part, filled);
      taken += part.length;
      filled += part.length;
      if (filled < target.length) continue;
      empty.shift();
      filled = 0;
    }
  }
  if (empty.length === 0) return all;
  throw new Error('it ended before all of its bytes had come');
}

/** What `replace` has nothing for is looked into. */
function mapped(value: unknown, replace: (value: unknown) => unknown): unknown {
  const other = replace(value);
  if (other !== undefined) return other;
  if (Array.isArray(value)) return value.map((item) => mapped(item, replace));
  if (value instanceof Map) {
    return new Map(Array.from(value, ([key, held]) => [key, mapped(held, replace)]));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, held]) => [key, mapped(held, replace)]),
  );
}
