/** Collects bytes in memory that threads share, in as many turns as they take to come. */
export class SharedBytes {
  readonly #memory: SharedArrayBuffer;
  readonly #all: Uint8Array<SharedArrayBuffer>;

  /** No more than `maxBytes` are ever taken, and only what is there takes memory. */
  constructor(maxBytes: number) {
    this.#memory = new SharedArrayBuffer(0, { maxByteLength: maxBytes });
    this.#all = new Uint8Array(this.#memory);
  }

  /** Returns false, and takes nothing, when there would be more than the most. */
  append(chunk: Uint8Array): boolean {
    const start = this.#memory.byteLength;
    if (start + chunk.length > this.#memory.maxByteLength) return false;
    this.#memory.grow(start + chunk.length);
    this.#all.set(chunk, start);
    return true;
  }

  get bytes(): Uint8Array<SharedArrayBuffer> {
    return new Uint8Array(this.#memory, 0, this.#memory.byteLength);
  }
}
