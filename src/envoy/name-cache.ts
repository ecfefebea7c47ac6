const slots = 512;
const maxNameLength = 64;

interface Name {
  readonly bytes: Uint8Array;
  readonly text: string;
}

/**
 * The names that occurred lately, one a slot. Header names are the same from check to check, and
 * to find one is cheaper than to decode it again and to look it up as a property name.
 */
const names: Name[] = Array.from({ length: slots }, () => ({ bytes: new Uint8Array(), text: '' }));

/** Decodes a name; what it gives is what `toString('utf8')` gives. */
export function decodeName(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > maxNameLength) return bytes.toString('utf8', start, end);
  let hash = length;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const slot = (hash ^ (hash >>> 9)) & (slots - 1);
  const known = names[slot];
  if (known !== undefined && holds(known.bytes, bytes, start, length)) return known.text;
  const name = {
    bytes: Uint8Array.from(bytes.subarray(start, end)),
    text: bytes.toString('utf8', start, end),
  };
  names[slot] = name;
  return name.text;
}

const encoded = new Map<string, Uint8Array>();

/** Encodes a name as UTF-8. Do not change what it gives: others are given the same. */
export function encodeName(text: string): Uint8Array {
  const known = encoded.get(text);
  if (known !== undefined) return known;
  const bytes = Uint8Array.from(Buffer.from(text));
  if (text.length > maxNameLength) return bytes;
  if (encoded.size === slots) encoded.clear();
  encoded.set(text, bytes);
  return bytes;
}

/** Byte by byte: a comparison with the text's characters is many times slower in some processes. */
function holds(name: Uint8Array, bytes: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let at = 0; at < length; at += 1) {
    if (name[at] !== bytes[start + at]) return false;
  }
  return true;
}
