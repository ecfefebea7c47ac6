/** Runs in a process of its own: reads one bundle, hands over what it read, and ends. */
import { parsePlainYaml } from '../../config/plain-yaml.ts';
import { readHere, type ReadTask } from '../../policy/bundles/read-task.ts';
import { putTogether, receiveBytes, takeApart } from './byte-message.ts';
import type { MessageHead, ReadAnswer } from './read-aside.ts';

process.once('disconnect', () => {
  process.exit();
});
process.once('message', (head: MessageHead) => {
  void work(head).then(finish);
});

interface Work {
  readonly answer: ReadAnswer;
  readonly bytes: readonly Uint8Array[];
}

async function work({ structure, lengths }: MessageHead): Promise<Work> {
  try {
    const bytes = await receiveBytes(process.stdin, lengths);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who started it sent a task
    const task = putTogether({ structure, bytes }) as ReadTask;
    const read = takeApart(await readHere(task, { parse: parsePlainYaml }));
    const lengthsOfRead = read.bytes.map(({ length }) => length);
    return {
      answer: { head: { structure: read.structure, lengths: lengthsOfRead } },
      bytes: read.bytes,
    };
  } catch (error) {
    return {
      answer: { refusal: error instanceof Error ? error.message : String(error) },
      bytes: [],
    };
  }
}

function finish({ answer, bytes }: Work): void {
  // The bytes fill the pipe, which is read once the answer is there.
  process.send?.(answer, () => {
    for (const part of bytes) process.stdout.write(part);
    process.stdout.end(() => {
      process.disconnect();
    });
  });
}
