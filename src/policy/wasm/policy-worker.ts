/** Runs in a worker: compiles a policy, and hands over its data's image in the pieces it is asked for. */
import { setFlagsFromString } from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { joinData } from '../join-data.ts';
import { buildImage } from './data-image.ts';
import { type ReadModule, readModule } from './policy-module.ts';
import type { PolicySource } from './policy-source.ts';

/** Its first message. */
export interface LoadedHeader {
  readonly module: ReadModule;
  readonly dataAddress: number;
  readonly heap: number;
  readonly dataBytes: number;
  /** Where it puts the pieces, one after another: a copy of its own for each would be as much garbage. */
  readonly piece: Uint8Array;
}

/** What is copied in a turn of the event loop: up to 3 ms, most of which is the system giving pages. */
const pieceBytes = 512 * 1024;

/** A message to it, which it answers as soon as the bytes are there. */
export interface PieceRequest {
  readonly start: number;
  readonly end: number;
}

if (parentPort !== null) {
  const port = parentPort;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only load-policy.ts starts it
  const { wasm, data: parts } = workerData as PolicySource;
  // Else V8 compiles each function when it is first called: a check would wait for it, up to 0.3 s.
  setFlagsFromString('--no-wasm-lazy-compilation');
  const module = readModule(wasm);
  const { data, ...place } = buildImage({ ...module, builtins: new Map() }, joinData(parts));
  // The memory itself cannot be handed over.
  const piece = new Uint8Array(new SharedArrayBuffer(pieceBytes));
  port.on('message', ({ start, end }: PieceRequest) => {
    piece.set(data.subarray(start, end));
    port.postMessage('copied');
  });
  port.postMessage({ module, ...place, dataBytes: data.length, piece } satisfies LoadedHeader);
}
