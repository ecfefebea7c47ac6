import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { createLogger } from '../../../src/telemetry/log.ts';

const clock = { nowMs: () => Date.UTC(2026, 10, 22, 3, 4, 5, 6), monotonicMs: () => 0 };

function logTo(readable: boolean) {
  const lines: string[] = [];
  return { lines, log: createLogger({ write: (line) => lines.push(line), clock, readable }) };
}

test('for a program, a message is one line of JSON', () => {
  const { lines, log } = logTo(false);
  log.warn('limits.yaml was not loaded', { file: 'limits.yaml', line: 3, names: ['a', 'b'] });
  assert.deepEqual(JSON.parse(lines[0] ?? ''), {
    level: 'warn',
    time: '2026-11-22T03:04:05.006Z',
    message: 'limits.yaml was not loaded',
    file: 'limits.yaml',
    line: 3,
    names: ['a', 'b'],
  });
  assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1);
});

test('fields cannot take the place of the message, the time or the level', () => {
  const { lines, log } = logTo(false);
  log.error('true', { message: 'false', level: 'info', time: 'never' });
  assert.match(lines[0] ?? '', /"level":"error".*"message":"true"/);
});

test('for a person, a message is one line that says the same', () => {
  const { lines, log } = logTo(true);
  log.info('listening', { address: '127.0.0.1:9191', note: 'two words', count: 2 });
  assert.deepEqual(lines, [
    '03:04:05 info  listening address=127.0.0.1:9191 note="two words" count=2\n',
  ]);
});

test('no text can begin a line of its own or command the terminal', () => {
  const { lines, log } = logTo(true);
  log.info('a\nb\u001b[2J', { field: 'c\r\nd\u0085\u2028\u009b31m' });
  const [line = ''] = lines;
  assert.doesNotMatch(line.slice(0, -1), /[\p{Cc}\u2028]/u);
  assert.ok(line.startsWith('03:04:05 info  a\\u000ab\\u001b[2J field='));
});

test('an error is its message with its causes, and not its stack', () => {
  const { lines, log } = logTo(false);
  log.error('failed', { error: new Error('outer', { cause: new Error('inner') }) });
  assert.equal((JSON.parse(lines[0] ?? '') as { error: string }).error, 'outer: inner');
});

test('credentials that came by accident do not go out', () => {
  for (const readable of [true, false]) {
    const { lines, log } = logTo(readable);
    log.error('cannot reach rediss://user:hunter2@limits:6379/0', {
      url: 'redis://:hunter2@limits',
      error: new Error('connect https://token-hunter2@bundles/x'),
      names: ['unix://hunter2@x'],
      Authorization: 'Bearer hunter2',
      redisPassword: 'hunter2',
      sessionToken: 'hunter2',
      skipped: undefined,
    });
    assert.doesNotMatch(lines.join(''), /hunter2/);
    assert.match(lines.join(''), /rediss:\/\/\*\*\*@limits:6379/);
    assert.doesNotMatch(lines.join(''), /skipped/);
  }
});

test('the logger of the process survives that nobody reads it', async () => {
  const url = new URL('../../../src/telemetry/log.ts', import.meta.url).href;
  const script = `
    import { createStderrLogger } from ${JSON.stringify(url)};
    const log = createStderrLogger({ nowMs: Date.now, monotonicMs: () => 0 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (let line = 0; line < 3; line += 1) {
      log.info('to nobody');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    console.log('alive');
  `;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 8000,
  });
  child.stderr.destroy();
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  assert.equal(said.toString(), 'alive\n');
  assert.deepEqual(await once(child, 'close'), [0, null]);
});
