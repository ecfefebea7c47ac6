import { isUtf8 } from 'node:buffer';

/**
 * Decodes UTF-8; every byte that is not part of it becomes `!`, as Envoy does where it sends
 * strings (`MessageUtil::sanitizeUtf8String`), so that both forms of headers read alike.
 */
export function sanitiseUtf8(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return isUtf8(buffer) ? buffer.toString('utf8') : replaceInvalid(buffer);
}

function replaceInvalid(buffer: Buffer): string {
  const sane = Buffer.from(buffer);
  for (let at = 0; at < sane.length;) {
    const length = sequenceLength(sane, at);
    if (length === 0) sane[at] = 0x21;
    at += length || 1;
  }
  return sane.toString('utf8');
}

/** How many bytes the character at `at` has; 0 when none begins there. */
function sequenceLength(buffer: Buffer, at: number): number {
  const lead = buffer[at] ?? 0;
  const length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return isUtf8(buffer.subarray(at, at + length)) ? length : 0;
}
