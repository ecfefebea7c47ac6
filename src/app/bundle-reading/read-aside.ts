import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { BundleError } from '../../policy/bundle-error.ts';
import type { ReadBundle, ReadTask } from '../../policy/bundles/read-task.ts';
import { putTogether, receiveBytes, takeApart } from './byte-message.ts';

/** Sent first, each way; the bytes follow on standard input and output. */
export interface MessageHead {
  readonly structure: unknown;
  readonly lengths: readonly number[];
}

/** The answer to a task. */
export type ReadAnswer = { readonly head: MessageHead } | { readonly refusal: string };

export interface ReadBounds {
  /** Of the heap, which holds the documents while they are read. */
  readonly maxHeapMib: number;
  readonly maxMs: number;
}

/** A hundred megabytes take ten seconds. */
const maxMs = 120_000;

/** For what is left in the pipes when it ends. */
const graceMs = 30_000;

/**
 * Reads a bundle in a process of its own, and not in a thread: where a large document meets the limit
 * of a thread's heap, V8 aborts the whole process. Rejects with a BundleError, whatever goes wrong.
 */
export async function readAside(
  task: ReadTask,
  bounds: ReadBounds = { maxHeapMib: halfOfWhatIsLeft(), maxMs },
): Promise<ReadBundle> {
  const file = new URL(`reading-process${extname(import.meta.filename)}`, import.meta.url);
  const child = fork(file, {
    execArgv: [`--max-old-space-size=${bounds.maxHeapMib}`],
    env: {},
    serialization: 'advanced',
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
    timeout: bounds.maxMs,
    killSignal: 'SIGKILL',
  });
  try {
    const ended = endOf(child, bounds);
    const [answer] = await Promise.all([Promise.race([answerOf(child), ended]), send(child, task)]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what readHere gave
    return answer as ReadBundle;
  } finally {
    child.kill('SIGKILL');
  }
}

/** It is to leave the checks, and the policy that is made of it, as much. */
function halfOfWhatIsLeft(): number {
  return Math.max(64, Math.floor(process.availableMemory() / 2 / 1024 ** 2));
}

async function send(child: ChildProcess, task: ReadTask): Promise<void> {
  const { structure, bytes } = takeApart(task);
  const head: MessageHead = { structure, lengths: bytes.map(({ length }) => length) };
  // When it cannot be sent, it has ended, which is told elsewhere.
  child.send(head, () => {});
  try {
    if (child.stdin !== null) await pipeline(Readable.from(piecesOf(bytes)), child.stdin);
  } catch {
    // So here.
  }
}

/** Written in one turn of the event loop. */
const pieceBytes = 256 * 1024;

function* piecesOf(all: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const bytes of all) {
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      yield bytes.subarray(start, start + pieceBytes);
    }
  }
}

async function answerOf(child: ChildProcess): Promise<unknown> {
  const messages: unknown[] = await once(child, 'message');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the process is our own
  const answer = messages[0] as ReadAnswer;
  if ('refusal' in answer) throw new BundleError(answer.refusal);
  const { structure, lengths } = answer.head;
  return putTogether({ structure, bytes: await receiveBytes(child.stdout ?? [], lengths) });
}

/** Rejects when it ends without an answer. */
async function endOf(
  child: ChildProcess,
  { maxHeapMib, maxMs: limitMs }: ReadBounds,
): Promise<never> {
  const startedMs = performance.now();
  await once(child, 'exit');
  // An answer that was sent is read first.
  if (child.exitCode === 0) await setTimeout(graceMs, undefined, { ref: false });
  const isLate = performance.now() - startedMs >= limitMs;
  throw new BundleError(
    isLate
      ? `the bundle could not be read within ${limitMs / 1000} s: make its data smaller`
      : `the bundle could not be read: the process for it ended with ${child.signalCode ?? child.exitCode}. ` +
          `It may use ${maxHeapMib} MiB, half of what was left: give the server more memory, or make the bundle smaller`,
  );
}
