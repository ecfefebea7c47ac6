/** Where lines go. */
export interface Sink {
  /** Takes one line with its line break. Neither blocks nor throws. */
  write(line: string): void;
  /** Writes what is left, but takes no longer than `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** What a sink writes its batches to. */
export interface BatchOutput {
  /** Whole lines. Rejects when the batch was not written. The bytes are the batch's until then. */
  write(batch: Buffer): Promise<void>;
  close(): Promise<void>;
}
