import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { messageOf } from '../../domain/fault-message.ts';
import { BundleError } from '../bundle-error.ts';

/** A thread that works for this one. */
export interface Aside {
  send(message: unknown): void;
  /** Its next message. Rejects when it throws, or ends. */
  next<T>(): Promise<T>;
}

/** Runs a module in a thread of its own, which ends when `use` does. Rejects with a BundleError. */
export async function workAside<T>(
  file: URL,
  task: unknown,
  use: (worker: Aside) => Promise<T>,
): Promise<T> {
  const worker = new Worker(file, { workerData: task });
  try {
    return await use(asideOf(worker));
  } catch (error) {
    if (error instanceof BundleError) throw error;
    throw new BundleError(messageOf(error), { cause: error });
  } finally {
    await worker.terminate();
  }
}

function asideOf(worker: Worker): Aside {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  // It may end while nobody waits for it.
  ended.catch(() => {});
  worker.once('error', reject);
  worker.once('exit', () => {
    reject(new Error('the thread that loads a policy ended'));
  });
  return {
    send: (message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is not a window
      worker.postMessage(message);
    },
    async next<T>(): Promise<T> {
      const messages: unknown[] = await Promise.race([once(worker, 'message'), ended]);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the worker is our own
      return messages[0] as T;
    },
  };
}
