import { encodeName } from './name-cache.ts';

const initialBytes = 4 * 1024;
/** A buffer that grew beyond this is not kept for the next message. */
const keptBytes = 64 * 1024;

/**
 * Writes protobuf's wire format from the last byte to the first: when a message's length is needed,
 * its bytes are already there. So fields are written last to first, and a message by `written()`
 * before its fields and `close()` after them.
 */
export class WireWriter {
  #buffer = Buffer.allocUnsafe(initialBytes);
  #position = initialBytes;

  /** Begins a message; what was written before is gone. */
  reset(): void {
    if (this.#buffer.length > keptBytes) this.#buffer = Buffer.allocUnsafe(initialBytes);
    this.#position = this.#buffer.length;
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    const message = Buffer.allocUnsafe(this.written());
    this.#buffer.copy(message, 0, this.#position);
    return message;
  }

  written(): number {
    return this.#buffer.length - this.#position;
  }

  /** Makes what was written since `before` the message (or list) in `field`. */
  close(field: number, before: number): void {
    this.#head(field, this.written() - before);
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#position -= length;
    this.#buffer.write(value, this.#position, length, 'utf8');
    this.#head(field, length);
  }

  /** A string that occurs in many messages, such as a header's name. */
  name(field: number, value: string): void {
    const bytes = encodeName(value);
    this.encoded(bytes);
    this.#head(field, bytes.length);
  }

  uint32(field: number, value: number): void {
    this.#varint(value);
    this.#varint(field << 3);
  }

  bool(field: number, value: boolean): void {
    this.uint32(field, value ? 1 : 0);
  }

  double(field: number, value: number): void {
    this.#reserve(8);
    this.#position -= 8;
    this.#buffer.writeDoubleLE(value, this.#position);
    this.#varint((field << 3) | 1);
  }

  /** Fields that were encoded before. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#position -= bytes.length;
    this.#buffer.set(bytes, this.#position);
  }

  /** What stands before `length` bytes. */
  #head(field: number, length: number): void {
    this.#varint(length);
    this.#varint((field << 3) | 2);
  }

  #varint(value: number): void {
    this.#reserve(5);
    if (value < 0x80) {
      this.#position -= 1;
      this.#buffer[this.#position] = value;
      return;
    }
    // Seven bits a byte; 0 has one too.
    this.#position -= Math.ceil((32 - Math.clz32(value | 1)) / 7);
    let position = this.#position;
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[position] = (rest & 0x7f) | 0x80;
      position += 1;
      rest >>>= 7;
    }
    this.#buffer[position] = rest;
  }

  #reserve(length: number): void {
    if (this.#position >= length) return;
    const written = this.#buffer.subarray(this.#position);
    const grown = Buffer.allocUnsafe(2 * (this.#buffer.length + length));
    this.#position = grown.length - written.length;
    grown.set(written, this.#position);
    this.#buffer = grown;
  }
}
