/** A line of a log, by its number from 1; without its text where it is longer than any record. */
export interface Line {
  readonly number: number;
  readonly text: string | undefined;
}

const lineBreak = 0x0a;

/** The lines of a stream of any length, in little space. Empty ones are left out. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  maxBytes: number,
): AsyncGenerator<Line> {
  let number = 0;
  let parts: Uint8Array[] = [];
  let length = 0;
  const keep = (part: Uint8Array): void => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
  };
  const take = (): Line | undefined => {
    number += 1;
    const isEmpty = length === 0;
    const text = length <= maxBytes ? Buffer.concat(parts).toString('utf8') : undefined;
    parts = [];
    length = 0;
    return isEmpty ? undefined : { number, text };
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(lineBreak); end !== -1; end = chunk.indexOf(lineBreak, start)) {
      keep(chunk.subarray(start, end));
      start = end + 1;
      const line = take();
      if (line !== undefined) yield line;
    }
    keep(chunk.subarray(start));
  }
  const last = take();
  if (last !== undefined) yield last;
}
