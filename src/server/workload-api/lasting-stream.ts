import { type ClientReadableStream, status } from '@grpc/grpc-js';

export interface LastingStreamOptions<Response> {
  readonly open: () => ClientReadableStream<Response>;
  readonly onResponse: (response: Response) => void;
  /** Told why it ended; it begins anew. */
  readonly onEnd: (reason: string) => void;
  /** After an attempt that failed; doubled with each, to 30 s. */
  readonly firstDelayMs: number;
  readonly signal: AbortSignal;
}

const maxDelayMs = 30_000;

/** Reads a stream that begins anew whenever it ends, until the signal. */
export function readLasting<Response>(options: LastingStreamOptions<Response>): void {
  const { open, onResponse, onEnd, firstDelayMs, signal } = options;
  let delayMs = firstDelayMs;
  const begin = (): void => {
    if (signal.aborted) return;
    const stream = open();
    const cancel = (): void => {
      stream.cancel();
    };
    signal.addEventListener('abort', cancel);
    stream.on('data', (response: Response) => {
      delayMs = firstDelayMs;
      onResponse(response);
    });
    // The status says it too, and is there for an end without an error.
    stream.on('error', () => {});
    stream.on('status', ({ code, details }) => {
      signal.removeEventListener('abort', cancel);
      if (signal.aborted) return;
      onEnd(`${status[code]}: ${details}`);
      setTimeout(begin, delayMs * (0.5 + Math.random() / 2)).unref();
      delayMs = Math.min(2 * delayMs, maxDelayMs);
    });
  };
  begin();
}
