/** Runs in a process of its own: reads bundles, one after another, and hands over what it read. */
import { messageOf } from '../../../domain/fault-message.ts';
import { parsePlainYaml } from '../../../config/yaml/plain-yaml.ts';
import { readHere, type ReadTask } from '../../../policy/bundles/contents/read-task.ts';
import { putTogether, receiveBytes, sendBytes, takeApart } from './byte-message.ts';
import type { MessageHead, ReadAnswer } from './read-aside.ts';

process.once('disconnect', () => {
  process.exit();
});
process.on('message', (head: MessageHead) => {
  void work(head);
});

async function work({ structure, lengths }: MessageHead): Promise<void> {
  const received = await receiveBytes(process.stdin, lengths);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- who started it sent a task
  const task = putTogether({ structure, bytes: received }) as ReadTask;
  try {
    const read = takeApart(await readHere(task, { parse: parsePlainYaml }));
    const lengthsOfRead = read.bytes.map(({ length }) => length);
    answer({ head: { structure: read.structure, lengths: lengthsOfRead } });
    await sendBytes(process.stdout, read.bytes);
  } catch (error) {
    answer({ refusal: messageOf(error) });
  }
  // It may wait for the next for days, and holds nothing then.
  setImmediate(() => globalThis.gc?.());
}

function answer(message: ReadAnswer): void {
  process.send?.(message);
}
