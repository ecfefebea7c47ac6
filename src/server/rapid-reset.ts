import type { ServerOptions } from 'node:http2';
import type { Server } from '@grpc/grpc-js';

/**
 * Envoy resets a check's stream when its own client gives up. nghttp2 takes 1000 resets at once
 * and 33/s for an attack (CVE-2023-44487) and closes the connection with every other check on it,
 * so one impatient client could fail the checks of all. Node counts too: a stream that was reset
 * is open until JavaScript has heard of it, and 100 that are one too many, in all the life of a
 * connection, close it. What a peer may cost is bounded by `maxConcurrentStreams` and
 * `maxChecksInFlight` instead; these are above what a process can serve.
 */
const tolerated = {
  streamResetBurst: 100_000,
  streamResetRate: 20_000,
  maxSessionRejectedStreams: 2 ** 32 - 1,
} satisfies ServerOptions;

/**
 * Raises the limits on a server that has no listener yet. Throws when @grpc/grpc-js, which has no
 * option for them, no longer keeps its HTTP/2 options where they can be reached.
 */
export function tolerateResets(server: Server): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  if (typeof options !== 'object' || options === null || !('maxSessionMemory' in options)) {
    throw new Error(
      'this version of @grpc/grpc-js hides its HTTP/2 options: src/server/rapid-reset.ts must be adapted to it',
    );
  }
  Object.assign(options, tolerated);
}
