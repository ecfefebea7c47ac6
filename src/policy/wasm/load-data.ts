import { once } from 'node:events';
import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { BundleError } from '../bundle-error.ts';
import { buildImage, createInstance, loadImage } from './data-image.ts';
import type { DataTask, ImageHeader, PieceRequest } from './data-worker.ts';
import type { PolicyInstance } from './policy-instance.ts';
import type { PolicyModule } from './policy-module.ts';

/** An instance with its data, which is parsed here and now: about 10 ms for a MiB. */
export function loadData(module: PolicyModule, json: Uint8Array): PolicyInstance {
  return loadImage(module, buildImage(module, json));
}

/** Copied in a turn of the event loop: up to 3 ms, most of which is the system giving the pages. */
const pieceBytes = 512 * 1024;

/**
 * An instance with its data, which a worker parses while this thread goes on. Only the memory's image
 * comes here, piece by piece, because neither can a module's memory be handed over nor may copying
 * hundreds of megabytes stop the checks. The text is given away. Throws a BundleError.
 */
export async function loadDataAside(
  module: PolicyModule,
  json: Uint8Array<ArrayBuffer>,
): Promise<PolicyInstance> {
  const task: DataTask = { compiled: module.compiled, staticBytes: module.staticBytes, json };
  // Copying 100 MiB would take 30 ms of this thread.
  const transferList = json.length === json.buffer.byteLength ? [json.buffer] : [];
  const file = new URL(`data-worker${extname(import.meta.filename)}`, import.meta.url);
  const worker = new Worker(file, { workerData: task, transferList });
  try {
    return await receiveImage(module, worker);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new BundleError(why, { cause: error });
  } finally {
    await worker.terminate();
  }
}

async function receiveImage(module: PolicyModule, worker: Worker): Promise<PolicyInstance> {
  const { dataBytes, ...place } = await nextMessage<ImageHeader>(worker);
  const instance = createInstance(module, dataBytes);
  for (let start = 0; start < dataBytes; start += pieceBytes) {
    const end = Math.min(start + pieceBytes, dataBytes);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is not a window
    worker.postMessage({ start, end } satisfies PieceRequest);
    const piece = await nextMessage<Uint8Array>(worker);
    instance.memory.bytes.set(piece, instance.heapBase + start);
    // Messages that come at once are all received in one turn.
    await setImmediate();
  }
  instance.place = place;
  return instance;
}

/** Rejects when the worker ends, or throws. */
async function nextMessage<T>(worker: Worker): Promise<T> {
  const ended = new AbortController();
  const onExit = (): void => ended.abort(new Error('the worker that loads data ended'));
  worker.once('exit', onExit);
  try {
    const messages: unknown[] = await once(worker, 'message', { signal: ended.signal });
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker is our own
    return messages[0] as T;
  } finally {
    worker.off('exit', onExit);
  }
}
