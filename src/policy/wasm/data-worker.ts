/** Runs in a worker: parses data into an image, and hands it over in the pieces it is asked for. */
import { parentPort, workerData } from 'node:worker_threads';
import { buildImage } from './data-image.ts';

/** What the worker is started with. */
export interface DataTask {
  readonly compiled: WebAssembly.Module;
  readonly staticBytes: number;
  readonly json: Uint8Array;
}

/** Its first message. */
export interface ImageHeader {
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
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only load-data.ts starts it
  const { compiled, staticBytes, json } = workerData as DataTask;
  const module = { compiled, staticBytes, entrypoints: new Map(), builtins: new Map() };
  const { data, dataAddress, heap } = buildImage(module, json);
  port.on('message', ({ start, end }: PieceRequest) => {
    // The memory itself cannot be handed over: a piece is a copy, whose bytes can.
    const piece = Uint8Array.from(data.subarray(start, end));
    port.postMessage(piece, [piece.buffer]);
  });
  port.postMessage({ dataAddress, heap, dataBytes: data.length } satisfies ImageHeader);
}
