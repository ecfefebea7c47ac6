import type { Spend } from '../../builtin.ts';
import { decodeBase64 } from '../go/base64.ts';

export interface PemBlock {
  readonly type: string;
  readonly bytes: Buffer;
  /** What follows the block. */
  readonly rest: string;
}

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';

/** Many blocks that begin before one that ends are as many texts to look through. */
const unitsPerCharacter = 4;

/** The next block of a PEM text, as Go's pem.Decode finds it; a broken one is passed over. */
export function nextPemBlock(text: string, spend: Spend): PemBlock | undefined {
  if (!text.includes(end)) return undefined;
  for (let at = lineStart(text, begin, 0); at >= 0; at = lineStart(text, begin, at + 1)) {
    const block = blockAt(text, at);
    if (block !== undefined) return block;
    spend((text.length - at) * unitsPerCharacter);
  }
  return undefined;
}

/** All blocks of a PEM text, one after the other. */
export function* pemBlocks(text: string, spend: Spend): Generator<PemBlock> {
  let block = nextPemBlock(text, spend);
  for (; block; block = nextPemBlock(block.rest, spend)) yield block;
}

function blockAt(text: string, at: number): PemBlock | undefined {
  const [first, bodyAt] = lineFrom(text, at);
  if (!first.endsWith(dashes)) return undefined;
  const type = first.slice(begin.length, -dashes.length);
  const endAt = lineStart(text, end, bodyAt);
  if (endAt < 0) return undefined;
  const [last, restAt] = lineFrom(text, endAt);
  if (last !== `${end}${type}${dashes}`) return undefined;
  const bytes = decodeBase64(withoutHeaders(text.slice(bodyAt, endAt)).replace(/[ \t]/g, ''));
  return bytes && { type, bytes, rest: text.slice(restAt) };
}

/** `Proc-Type: …` and its like come first, each on a line of its own. */
function withoutHeaders(body: string): string {
  let at = 0;
  for (;;) {
    const [line, next] = lineFrom(body, at);
    if (!line.includes(':')) return body.slice(at);
    at = next;
  }
}

/** Where a line begins with the marker, from `from` on; negative when none does. */
function lineStart(text: string, marker: string, from: number): number {
  if (from === 0 && text.startsWith(marker)) return 0;
  const at = text.indexOf(`\n${marker}`, Math.max(0, from - 1));
  return at < 0 ? at : at + 1;
}

/** The line that begins there, without the white space at its end, and where the next one begins. */
function lineFrom(text: string, at: number): [line: string, next: number] {
  const lineEnd = text.indexOf('\n', at);
  const next = lineEnd < 0 ? text.length : lineEnd + 1;
  return [text.slice(at, next).trimEnd(), next];
}
