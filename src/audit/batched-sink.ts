import { beforeDeadline } from '../check/deadline.ts';
import type { AuditEvents, DropCause } from './events.ts';
import type { BatchOutput, Sink } from './sink.ts';

export interface BatchLimits {
  /** How long a line waits for others. */
  readonly delayMs: number;
  /** Lines do not wait any longer when they are this long together, in UTF-16 units. */
  readonly batchLength: number;
  /** A busy output gets more at a time, up to this: it pays for each batch, not for each line. */
  readonly maxBatchLength: number;
  /** What may wait while the output is slow; more is dropped. */
  readonly maxBufferedLength: number;
}

export const defaultBatchLimits: BatchLimits = {
  delayMs: 50,
  batchLength: 256 * 1024,
  maxBatchLength: 1024 * 1024,
  maxBufferedLength: 8 * 1024 * 1024,
};

/**
 * Gathers lines and writes them in batches, one batch at a time. An output that fails costs its
 * batch, which is counted; the next batch tries again.
 */
export class BatchedSink implements Sink {
  readonly #name: string;
  readonly #output: BatchOutput;
  readonly #events: AuditEvents;
  readonly #limits: BatchLimits;
  readonly #lines: string[] = [];
  /** Holds the batch that is being written. */
  #bytes = Buffer.alloc(0);
  #bufferedLength = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(
    name: string,
    output: BatchOutput,
    events: AuditEvents,
    limits: BatchLimits = defaultBatchLimits,
  ) {
    this.#name = name;
    this.#output = output;
    this.#events = events;
    this.#limits = limits;
  }

  write(line: string): void {
    if (this.#closed) return this.#drop('closed', 1);
    if (this.#bufferedLength + line.length > this.#limits.maxBufferedLength) {
      return this.#drop('buffer_full', 1);
    }
    this.#lines.push(line);
    this.#bufferedLength += line.length;
    if (this.#isFull()) this.#flush();
    else this.#flushLater();
  }

  async close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    this.#flush();
    const written = Promise.resolve(this.#writing).then(() => this.#output.close());
    const reported = written.catch((error: unknown) => this.#events.failing(this.#name, error));
    await beforeDeadline(reported, timeoutMs);
    this.#drop('closed', this.#takeOut(this.#lines.length));
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length > 0) this.#writing ??= this.#writeAll();
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => this.#flush(), this.#limits.delayMs);
  }

  /** Lines that came meanwhile wait for others again, or a busy output would get few at a time. */
  async #writeAll(): Promise<void> {
    do await this.#writeBatch(this.#nextBatchSize());
    while (this.#isFull() || (this.#closed && this.#lines.length > 0));
    // In the same turn as the last look at the lines: one that comes later starts the next round.
    this.#writing = undefined;
    if (this.#lines.length > 0) this.#flushLater();
  }

  #isFull(): boolean {
    return this.#bufferedLength >= this.#limits.batchLength;
  }

  /** The lines stay in the buffer while they are being written: until then they may be lost. */
  async #writeBatch(size: number): Promise<void> {
    try {
      await this.#output.write(this.#encode(this.#lines.slice(0, size)));
      this.#takeOut(size);
      if (this.#failing) this.#events.recovered(this.#name);
      this.#failing = false;
    } catch (error) {
      this.#drop('write_failed', this.#takeOut(size));
      if (!this.#failing) this.#events.failing(this.#name, error);
      this.#failing = true;
    }
  }

  /** One by one: joined they would be a text of its own, larger than what the heap moves cheaply. */
  #encode(lines: readonly string[]): Buffer {
    const length = lines.reduce((bytes, line) => bytes + Buffer.byteLength(line), 0);
    if (this.#bytes.length < length) this.#bytes = Buffer.allocUnsafeSlow(length);
    let end = 0;
    for (const line of lines) end += this.#bytes.write(line, end);
    return this.#bytes.subarray(0, end);
  }

  /** How many lines make a batch: at least one, however long it is. */
  #nextBatchSize(): number {
    let length = 0;
    const end = this.#lines.findIndex(
      (line) => (length += line.length) >= this.#limits.maxBatchLength,
    );
    return end === -1 ? this.#lines.length : end + 1;
  }

  #takeOut(size: number): number {
    const taken = this.#lines.splice(0, size);
    for (const line of taken) this.#bufferedLength -= line.length;
    return taken.length;
  }

  #drop(cause: DropCause, records: number): void {
    if (records > 0) this.#events.dropped(this.#name, cause, records);
  }
}
