import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const sinkUrl = new URL('../../../src/audit/stdout-sink.ts', import.meta.url).href;

/** Runs a program with a stdout sink; what the sink says of itself comes out on stderr. */
function startProgram(body: string) {
  const script = `
    import { createStdoutSink } from ${JSON.stringify(sinkUrl)};
    const say = (...words) => process.stderr.write(words.join(' ') + '\\n');
    const events = {
      dropped: (...drop) => say('dropped', ...drop),
      failing: (sink) => say('failing', sink),
      recovered: (sink) => say('recovered', sink),
    };
    const sink = createStdoutSink(events, process.stdout,
      { delayMs: 1, batchLength: 1000, maxBatchLength: 100_000, maxBufferedLength: 300_000 });
    const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    ${body}
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 8000,
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, said }));
  return { child, ended };
}

test('lines reach a reader whole and in order', async () => {
  const { child, ended } = startProgram(`
    for (let line = 0; line < 2000; line += 1) { sink.write(line + '\\n'); if (line % 100 === 0) await soon(1); }
    await sink.close(2000);
  `);
  let text = '';
  child.stdout.on('data', (part: Buffer) => (text += part.toString()));
  assert.deepEqual(await ended, { code: 0, said: '' });
  assert.equal(text, Array.from({ length: 2000 }, (_, line) => `${line}\n`).join(''));
});

test('a reader that went away costs records, which are counted, and not the process', async () => {
  const { child, ended } = startProgram(`
    await soon(100);
    for (let line = 0; line < 3; line += 1) { sink.write('x\\n'); await soon(30); }
    await sink.close(1000);
    say('alive');
  `);
  child.stdout.destroy();
  const { code, said } = await ended;
  assert.equal(code, 0);
  const drop = 'dropped stdout write_failed 1';
  assert.deepEqual(said.trimEnd().split('\n'), [drop, 'failing stdout', drop, drop, 'alive']);
});

test('a reader that stops reading does not stop the process, and the loss is counted', async () => {
  const { child, ended } = startProgram(`
    const startedMs = performance.now();
    for (let line = 0; line < 1000; line += 1) { sink.write('x'.repeat(999) + '\\n'); if (line % 50 === 0) await soon(1); }
    await sink.close(200);
    say('alive', performance.now() - startedMs < 4000);
    process.exit(0);
  `);
  child.stdout.pause();
  const exited = once(child, 'exit');
  await exited;
  child.stdout.resume();
  const { said } = await ended;
  assert.match(said, /dropped stdout buffer_full 1\n/);
  assert.match(said, /dropped stdout closed \d+\n/);
  assert.match(said, /alive true\n$/);
});
