import { decodeName } from './name-cache.ts';

/** Messages may nest this deep; the limit of protobuf's own C++ and Java parsers. */
const maxDepth = 100;

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Reads one field into `message`. What it does not know it must `skip`. */
export type FieldReader<T> = (reader: WireReader, field: number, message: T) => void;

/**
 * Reads protobuf's wire format. A malformed message does not throw: the reader fails, and a failed
 * reader is at its end and gives only empty values, so every loop stops, and the one who began
 * asks `failed` once. A known field of the wrong wire type is malformed too; no Envoy sends one.
 */
export class WireReader {
  failed = false;
  readonly #bytes: Buffer;
  #position = 0;
  /** Where the message that is being read ends. */
  #end: number;
  #depth = 0;
  #wireType = 0;
  /** Bits 32 to 63 of the last varint. */
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#end = bytes.length;
  }

  /** Reads fields into `message` until the current message ends. */
  fields<T>(message: T, readField: FieldReader<T>): T {
    while (this.#position < this.#end) readField(this, this.#tag(), message);
    return message;
  }

  /** Reads a field that is itself a message; into one that was there, the fields merge. */
  message<T>(message: T, readField: FieldReader<T>): T {
    const length = this.#length();
    if (this.#depth === maxDepth) return this.#fail(message);
    const outerEnd = this.#end;
    this.#end = this.#position + length;
    this.#depth += 1;
    this.fields(message, readField);
    this.#depth -= 1;
    if (!this.failed) this.#end = outerEnd;
    return message;
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  string(): string {
    const length = this.#length();
    if (length === 0) return '';
    const start = this.#position;
    this.#position += length;
    return this.#bytes.toString('utf8', start, this.#position);
  }

  /** A string that occurs in many messages, such as a header's name. */
  name(): string {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return decodeName(this.#bytes, start, this.#position);
  }

  /** A view of the message, not a copy. */
  bytes(): Uint8Array {
    const length = this.#length();
    const start = this.#position;
    this.#position += length;
    return this.#bytes.subarray(start, this.#position);
  }

  uint32(): number {
    return this.#expect(wireType.varint) ? this.#varint() : 0;
  }

  int32(): number {
    return this.uint32() | 0;
  }

  /** Exact up to 2^53. */
  int64(): number {
    const low = this.uint32();
    return (this.#high | 0) * 2 ** 32 + low;
  }

  bool(): boolean {
    const low = this.uint32();
    return low !== 0 || this.#high !== 0;
  }

  double(): number {
    if (!this.#expect(wireType.fixed64) || !this.#has(8)) return this.#fail(0);
    const start = this.#position;
    this.#position += 8;
    return this.#bytes.readDoubleLE(start);
  }

  /** Passes over a field that the caller does not know. */
  skip(): void {
    switch (this.#wireType) {
      case wireType.varint:
        this.#varint();
        break;
      case wireType.bytes:
        this.#advance(this.#length());
        break;
      case wireType.fixed64:
        this.#advance(8);
        break;
      case wireType.fixed32:
        this.#advance(4);
        break;
      default:
        // Groups, which proto3 does not have, and what is not defined.
        this.#fail(undefined);
    }
  }

  #tag(): number {
    const tag = this.#varint();
    this.#wireType = tag & 7;
    const field = tag >>> 3;
    return this.#high === 0 && field !== 0 ? field : this.#fail(0);
  }

  #length(): number {
    if (!this.#expect(wireType.bytes)) return 0;
    const length = this.#varint();
    return this.#high === 0 && this.#has(length) ? length : this.#fail(0);
  }

  /** At most 64 bits in at most 10 bytes: gives the low half and leaves the high one in `#high`. */
  #varint(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && this.#position < this.#end; shift += 7) {
      const byte = this.#bytes[this.#position++] ?? 0;
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift > 31) high |= bits << (shift - 32);
      else if (shift === 28) high = bits >>> 4;
      if (byte < 0x80) {
        this.#high = high;
        return shift === 63 && byte > 1 ? this.#fail(0) : low >>> 0;
      }
    }
    return this.#fail(0);
  }

  #expect(type: number): boolean {
    return this.#wireType === type || this.#fail(false);
  }

  #has(length: number): boolean {
    return length <= this.#end - this.#position;
  }

  #advance(length: number): void {
    if (this.#has(length)) this.#position += length;
    else this.#fail(undefined);
  }

  #fail<T>(empty: T): T {
    this.failed = true;
    this.#position = 0;
    this.#end = 0;
    this.#high = 0;
    // No field that is still asked for has this type.
    this.#wireType = 7;
    return empty;
  }
}
