import type { Writable } from 'node:stream';
import { BatchedSink, type BatchLimits } from './batched-sink.ts';
import type { AuditEvents } from './events.ts';
import type { BatchOutput, Sink } from './sink.ts';

/** Writes records to stdout, or to another stream that outlives the sink. */
export function createStdoutSink(
  events: AuditEvents,
  stream: Writable = process.stdout,
  limits?: BatchLimits,
): Sink {
  return new BatchedSink('stdout', streamOutput(stream), events, limits);
}

function streamOutput(stream: Writable): BatchOutput {
  // A reader that went away is an error event beside the failed write, and would end the process.
  stream.on('error', () => {});
  return {
    write: (batch) =>
      new Promise((resolve, reject) => {
        stream.write(batch, (error) => (error ? reject(error) : resolve()));
      }),
    // The stream is not ours to end, and a late error may still come.
    close: () => Promise.resolve(),
  };
}
