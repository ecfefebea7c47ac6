/** Runs in a worker: compiles a policy, and hands over its data's image in the pieces it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { joinData } from '../join-data.ts';
import { buildImage } from './data-image.ts';
import type { PolicySource } from './load-policy.ts';
import { type ReadModule, readModule } from './policy-module.ts';

/** Its first message. */
export interface LoadedHeader {
  readonly module: ReadModule;
  readonly dataAddress: number;
  readonly heap: number;
  readonly dataBytes: number;
}

/** A message to it, which it answers with the bytes. */
export interface PieceRequest {
  readonly start: number;
  readonly end: number;
}

if (parentPort !== null) {
  const port = parentPort;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only load-policy.ts starts it
  const { wasm, data: parts } = workerData as PolicySource;
  const module = readModule(wasm);
  const { data, ...place } = buildImage({ ...module, builtins: new Map() }, joinData(parts));
  port.on('message', ({ start, end }: PieceRequest) => {
    // The memory itself cannot be handed over: a piece is a copy, whose bytes can.
    const piece = Uint8Array.from(data.subarray(start, end));
    port.postMessage(piece, [piece.buffer]);
  });
  port.postMessage({ module, ...place, dataBytes: data.length } satisfies LoadedHeader);
}
