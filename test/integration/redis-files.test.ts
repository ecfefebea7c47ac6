import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openSharedState } from '../../src/app/shared-state/shared-state.ts';
import type { RedisConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { Logger } from '../../src/telemetry/log.ts';
import { createTelemetry } from '../../src/telemetry/telemetry.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { until } from '../setup/until.ts';

const user = 'sallyport';

function configFor(url: string, passwordFile: string): RedisConfig {
  const timeouts = { connectTimeoutMs: 1000, commandTimeoutMs: 500 };
  return {
    url,
    username: user,
    passwordFile,
    protocol: 3,
    ...timeouts,
    keyPrefix: 'sallyport:',
    replicas: 'auto',
  };
}

/** What is logged, a line each. */
function linesLogger(lines: string[]): Logger {
  const log = (message: string, fields: object = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { info: log, warn: log, error: log };
}

function writtenPassword(t: TestContext, password: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-redis-files-'));
  t.after(() => {
    rmSync(directory, { recursive: true });
  });
  const file = join(directory, 'password');
  writeFileSync(file, `${password}\n`);
  return file;
}

test('a password that rotates in its file is taken over; a wrong one is told and changes nothing', async (t) => {
  const server = await new RedisServer().start();
  t.after(async () => server.remove());
  await server.command('ACL', 'SETUSER', user, 'on', '>old', '~*', '+@all');
  const file = writtenPassword(t, 'old');
  const lines: string[] = [];
  const telemetry = createTelemetry({ version: '1' });
  const config = configFor(server.url, file);
  const shared = await openSharedState(config, systemClock, linesLogger(lines), telemetry);
  t.after(() => {
    shared.close();
  });
  const connected = async (): Promise<string> => {
    const clients = String(await server.command('CLIENT', 'LIST'));
    return /id=(\d+) .*user=sallyport/.exec(clients)?.[1] ?? '';
  };
  await until('Redis is up', () => lines.some((line) => line.startsWith('Redis is connected')));
  const before = await connected();

  writeFileSync(file, 'mistyped');
  await until('the refusal is told', () => lines.some((line) => line.includes('WRONGPASS')));
  assert.equal(
    lines.some((line) => line.includes('mistyped')),
    false,
  );
  assert.equal(shared.redis?.connection.isUp(), true);

  await server.command('ACL', 'SETUSER', user, '>new', '<old');
  writeFileSync(file, 'new');
  await until('the new connection serves alone', async () => {
    assert.equal(shared.redis?.connection.isUp(), true);
    return (await connected()) !== before;
  });
  assert.equal(
    lines.some((line) => line.startsWith('Redis is away')),
    false,
  );
});

test('a file that cannot be read is refused at the start, by name', async (t) => {
  const file = join(writtenPassword(t, 'x'), '..', 'missing');
  const config = configFor('redis://127.0.0.1:1', file);
  await assert.rejects(
    openSharedState(config, systemClock, linesLogger([]), createTelemetry({ version: '1' })),
    /missing: redis\.passwordFile: cannot be read: there is no such file/,
  );
});
