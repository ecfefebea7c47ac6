import { parentPort, workerData } from 'node:worker_threads';
import { readAccess } from './read-access.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is not a window
parentPort?.postMessage(readAccess(String(workerData)));
