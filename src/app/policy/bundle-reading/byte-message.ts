import type { Readable, Writable } from 'node:stream';

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

/** What is copied in one turn of the event loop. */
const pieceBytes = 256 * 1024;

/** Writes the bytes of a message. Resolves when the stream has taken all; what it fails of shows elsewhere. */
export async function sendBytes(stream: Writable, all: readonly Uint8Array[]): Promise<void> {
  for (const bytes of all) {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      await write(stream, bytes.subarray(start, start + pieceBytes));
    }
  }
}

function write(stream: Writable, piece: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(piece, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

/** The bytes of a message, each in memory of its own, that threads share. The stream goes on. */
export async function receiveBytes(
  stream: Readable,
  lengths: readonly number[],
): Promise<Uint8Array[]> {
  const all = lengths.map((length) => new Uint8Array(new SharedArrayBuffer(length)));
  const empty = all.filter(({ length }) => length > 0);
  if (empty.length === 0) return all;
  let filled = 0;
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
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
    if (empty.length === 0) return all;
  }
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
