import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials } from '@grpc/grpc-js';
import { CannotMeasure } from './cannot-measure.ts';
import { checkPath, grpcPrefixBytes, isAllow } from './check-request.ts';

const attemptTimeoutMs = 1_000;
const pauseMs = 100;

/**
 * Asks the measured question until the server allows it, and gives the length of the answer's
 * frame in bytes.
 * `end` says why a server that the bench started is gone.
 */
export async function firstAllow(
  server: { readonly name: string; readonly address: string; end?(): string | undefined },
  request: Buffer,
  timeoutMs: number,
): Promise<number> {
  const stopAt = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask(server.address, request);
    if (Buffer.isBuffer(answer) && isAllow(answer)) return grpcPrefixBytes + answer.length;
    const end = server.end?.();
    if (end !== undefined) throw new CannotMeasure(`${server.name} did not start: ${end}`);
    if (performance.now() > stopAt) {
      const seen = Buffer.isBuffer(answer)
        ? `it answers ${answer.toString('latin1')}`
        : answer.message;
      throw new CannotMeasure(
        `${server.name} at ${server.address} does not allow the check: ${seen}`,
      );
    }
    await sleep(pauseMs);
  }
}

/** One real gRPC call, on a connection of its own so that a failed one is not remembered. */
function ask(address: string, request: Buffer): Promise<Buffer | Error> {
  const client = new Client(address, credentials.createInsecure());
  return new Promise<Buffer | Error>((resolve) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      checkPath,
      unchanged,
      unchanged,
      request,
      { deadline: Date.now() + attemptTimeoutMs },
      (error, answer) => {
        resolve(error ?? answer ?? new Error('neither an answer nor an error'));
      },
    );
  }).finally(() => {
    client.close();
  });
}

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}
