const slots = 512;
const maxNameLength = 64;

/**
 * The names that occurred lately, one a slot. Header names are the same from check to check, and
 * to find one is cheaper than to decode it again and to look it up as a property name.
 */
const names: string[] = Array.from({ length: slots }, () => '');

/** Decodes a name; what it gives is what `toString('utf8')` gives. */
export function decodeName(bytes: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length > maxNameLength) return bytes.toString('utf8', start, end);
  let hash = length;
  for (let at = start; at < end; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const slot = (hash ^ (hash >>> 9)) & (slots - 1);
  const known = names[slot] ?? '';
  if (spells(known, bytes, start, length)) return known;
  const name = bytes.toString('utf8', start, end);
  names[slot] = name;
  return name;
}

/** True only of ASCII: beyond it a character is not a byte. */
function spells(name: string, bytes: Buffer, start: number, length: number): boolean {
  if (name.length !== length) return false;
  for (let at = 0; at < length; at += 1) {
    const byte = bytes[start + at] ?? 0x80;
    if (byte >= 0x80 || name.charCodeAt(at) !== byte) return false;
  }
  return true;
}
