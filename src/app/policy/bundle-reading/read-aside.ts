import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { totalmem } from 'node:os';
import { extname } from 'node:path';
import { BundleError } from '../../../policy/bundle-error.ts';
import type {
  BundleReader,
  ReadBundle,
  ReadTask,
} from '../../../policy/bundles/contents/read-task.ts';
import { putTogether, receiveBytes, sendBytes, takeApart } from './byte-message.ts';

/** Sent first, each way; the bytes follow on standard input and output. */
export interface MessageHead {
  readonly structure: unknown;
  readonly lengths: readonly number[];
}

/** The answer to a task. */
export type ReadAnswer = { readonly head: MessageHead } | { readonly refusal: string };

export interface ReadBounds {
  /** Of the heap that holds documents while they are read; absent: half of all memory. */
  readonly maxHeapMib?: number;
  readonly maxMs: number;
}

/** A hundred megabytes take five seconds. */
const defaults: ReadBounds = { maxMs: 120_000 };

/**
 * Reads bundles one after another in a process of their own, and not in a thread: where a large
 * document meets the limit of a thread's heap, V8 aborts the whole process. It is started when it is
 * first needed, and stays: to start one takes 40 ms of this thread for each GiB that it holds by then.
 */
export function createAsideReader(bounds: ReadBounds = defaults): BundleReader {
  let reading: ReadingProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  return async (task, signal) => {
    const answer = last.then(() => {
      signal?.throwIfAborted();
      if (reading === undefined || hasEnded(reading.child)) reading = start(bounds);
      return ask(reading, task, bounds.maxMs, signal);
    });
    last = answer.catch(() => {});
    return answer;
  };
}

interface ReadingProcess {
  readonly child: ChildProcess;
  readonly maxHeapMib: number;
}

function start({ maxHeapMib = halfOfTheMemory() }: ReadBounds): ReadingProcess {
  const file = new URL(`reading-process${extname(import.meta.filename)}`, import.meta.url);
  const child = fork(file, {
    execArgv: [`--max-old-space-size=${maxHeapMib}`, '--expose-gc'],
    env: {},
    serialization: 'advanced',
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
  });
  child.on('error', () => {});
  // What cannot be written, or read, shows in the answer that does not come.
  child.stdin?.on('error', () => {});
  child.stdout?.on('error', () => {});
  // It is not to keep this process alive, and ends with it.
  child.unref();
  child.channel?.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  if (child.stdout instanceof Socket) child.stdout.unref();
  return { child, maxHeapMib };
}

/** Of the container's, or the machine's: what is free just now says little, for caches count as used. */
function halfOfTheMemory(): number {
  const limitBytes = process.constrainedMemory() || Infinity;
  return Math.floor(Math.min(limitBytes, totalmem()) / 2 / 1024 ** 2);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

async function ask(
  reading: ReadingProcess,
  task: ReadTask,
  maxMs: number,
  signal?: AbortSignal,
): Promise<ReadBundle> {
  const { child } = reading;
  let isLate = false;
  const stop = (): void => {
    child.kill('SIGKILL');
  };
  signal?.addEventListener('abort', stop, { once: true });
  const late = setTimeout(() => {
    isLate = true;
    stop();
  }, maxMs);
  child.ref();
  try {
    return await unlessItEnds(child, answerTo(child, task));
  } catch (error) {
    if (error instanceof BundleError) throw error;
    // What it is in the middle of is not known.
    stop();
    if (!hasEnded(child) && child.pid !== undefined) await once(child, 'exit');
    throw new BundleError(
      isLate
        ? `the bundle could not be read within ${maxMs / 1000} s: make its data smaller`
        : endSentence(reading),
      { cause: error },
    );
  } finally {
    clearTimeout(late);
    signal?.removeEventListener('abort', stop);
    child.unref();
  }
}

/** Each race leaves something with a promise that outlives it, and so there is none of the end. */
async function unlessItEnds<T>(child: ChildProcess, answer: Promise<T>): Promise<T> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const onEnd = (): void => {
    reject(new Error('it has ended'));
  };
  child.once('exit', onEnd).once('error', onEnd);
  try {
    return await Promise.race([answer, ended]);
  } finally {
    child.off('exit', onEnd).off('error', onEnd);
  }
}

function endSentence({ child: { signalCode, exitCode }, maxHeapMib }: ReadingProcess): string {
  return (
    `the bundle could not be read: the process for it ended (${signalCode ?? exitCode}). It may use ` +
    `${maxHeapMib} MiB: give the server more memory, or make the bundle's data smaller`
  );
}

async function answerTo(child: ChildProcess, task: ReadTask): Promise<ReadBundle> {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('it has no standard input and output');
  const { structure, bytes } = takeApart(task);
  const head: MessageHead = { structure, lengths: bytes.map(({ length }) => length) };
  const answered = once(child, 'message');
  // When it cannot be sent, it has ended.
  child.send(head, () => {});
  const [messages]: [unknown[], void] = await Promise.all([answered, sendBytes(stdin, bytes)]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the process is our own
  const answer = messages[0] as ReadAnswer;
  if ('refusal' in answer) throw new BundleError(answer.refusal);
  const received = await receiveBytes(stdout, answer.head.lengths);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what readHere gave
  return putTogether({ structure: answer.head.structure, bytes: received }) as ReadBundle;
}
