import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test, type TestContext } from 'node:test';
import { watchRedisCertificates } from '../../src/app/shared-state/redis-certificates.ts';
import { openSharedState } from '../../src/app/shared-state/shared-state.ts';
import type { RedisConfig } from '../../src/config/config.ts';
import { systemClock } from '../../src/domain/clock.ts';
import type { Logger } from '../../src/telemetry/log.ts';
import { createTelemetry, type Telemetry } from '../../src/telemetry/telemetry.ts';
import { Authority, type Issued } from '../setup/authority.ts';
import { freePort } from '../setup/free-port.ts';
import { MountedVolume } from '../setup/mounted-volume.ts';
import { RedisServer } from '../setup/redis-server.ts';
import { redisSettings } from '../setup/redis-settings.ts';
import { until } from '../setup/until.ts';
import { openConnection } from './redis-connection.ts';

const hourMs = 3_600_000;
const authority = new Authority('authority of Redis');
/** Near its end: in the last third of its life. */
const aging = authority.issue({
  names: 'DNS:limits.example',
  from: new Date(Date.now() - 10 * hourMs),
  until: new Date(Date.now() + hourMs),
});
const renewed = authority.issue({ names: 'DNS:limits.example', days: 20 });
const serverName = 'limits.example';

const port = await freePort();
const listen = ['--bind', '127.0.0.1', '--tls-port', String(port)];
const trust = ['--tls-ca-cert-file', authority.own.certificateFile];
const server = await new RedisServer([
  ...listen,
  ...trust,
  ...certificateOptions(aging).flatMap(([name, path]) => [`--${name}`, path]),
]).start();
const url = `rediss://127.0.0.1:${port}`;

after(async () => {
  await server.remove();
  authority.remove();
});

function certificateOptions({ certificateFile, privateKeyFile }: Issued) {
  return [
    ['tls-cert-file', certificateFile],
    ['tls-key-file', privateKeyFile],
  ] as const;
}

function filesOf({ certificate, privateKey }: Issued) {
  return { 'tls.crt': certificate, 'tls.key': privateKey, 'ca.crt': authority.own.certificate };
}

function linesLogger(lines: string[]): Logger {
  const log = (message: string, fields: object = {}): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { info: log, warn: log, error: log };
}

/** In seconds since 1970, by the subject; empty: there is no such sample. */
async function notAfter(telemetry: Telemetry, role: string): Promise<ReadonlyMap<string, number>> {
  const name = 'sallyport_certificate_not_after_timestamp_seconds';
  const sample = new RegExp(`^${name}\\{role="${role}",subject="([^"]*)"\\} (\\d+)$`, 'gm');
  const found = (await telemetry.scrape()).matchAll(sample);
  return new Map(Array.from(found, ([, subject = '', seconds]) => [subject, Number(seconds)]));
}

async function openOver(t: TestContext, volume: MountedVolume) {
  const path = (name: string): string => volume.path(name);
  const config: RedisConfig = {
    url,
    tls: {
      ca: path('ca.crt'),
      certificate: path('tls.crt'),
      privateKey: path('tls.key'),
      serverName,
    },
    protocol: 3,
    connectTimeoutMs: 5000,
    commandTimeoutMs: 2000,
    keyPrefix: 'sallyport:',
    replicas: 'auto',
  };
  const lines: string[] = [];
  const telemetry = createTelemetry({ version: '1' });
  const shared = await openSharedState(config, systemClock, linesLogger(lines), telemetry);
  t.after(() => {
    shared.close();
    volume.remove();
  });
  await until('Redis is up', () => shared.redis?.connection.isUp() === true);
  const isUp = (): boolean => shared.redis?.connection.isUp() === true;
  const faults = (): string[] => lines.filter((line) => !line.startsWith('Redis is connected'));
  return { telemetry, isUp, faults };
}

test('every certificate on the way to Redis is shown, and follows its file', async (t) => {
  const [first, second] = [authority.issue({}), authority.issue({})];
  const volume = new MountedVolume(filesOf(first));
  const { telemetry, isUp, faults } = await openOver(t, volume);
  const subjects = async (role: string): Promise<readonly string[]> => [
    ...(await notAfter(telemetry, role)).keys(),
  ];
  assert.deepEqual(await subjects('redis_ca'), ['CN=authority of Redis']);
  assert.equal((await subjects('redis_server')).length, 1);
  const [before] = await subjects('redis_client');
  volume.replace(filesOf(second));
  await until('the new one is shown', async () => {
    assert.ok(isUp());
    const shown = await subjects('redis_client');
    return shown.length === 1 && shown[0] !== before;
  });
  assert.deepEqual(faults(), []);
});

async function clients(): Promise<string> {
  return String(await server.command('CLIENT', 'LIST'));
}

test('a certificate that is there before its key is told of once, and heals itself', async (t) => {
  const volume = new MountedVolume(filesOf(authority.issue({})));
  const { isUp, faults } = await openOver(t, volume);
  const { certificate, privateKey } = authority.issue({});
  writeFileSync(volume.path('tls.crt'), certificate);
  await until('it is told', () => faults().length > 0);
  assert.ok(isUp(), 'the old connection serves');
  const [serving = ''] = /id=\d+/.exec(await clients()) ?? [];
  writeFileSync(volume.path('tls.key'), privateKey);
  await until('the new connection serves alone', async () => {
    assert.ok(isUp());
    return !(await clients()).includes(`${serving} `);
  });
  assert.equal(faults().length, 1, faults().join('\n'));
});

test('a certificate that Redis has renewed is seen, though no connection was lost', async (t) => {
  const telemetry = createTelemetry({ version: '1' });
  const { certificate, privateKey } = authority.issue({});
  const tls = { ca: authority.own.certificate, certificate, privateKey, serverName };
  const settings = redisSettings({ kind: 'standalone', url }, { tls });
  const { connection, lost } = openConnection(t, settings);
  const options = { connection, settings: () => settings, clock: systemClock, intervalMs: 50 };
  t.after(watchRedisCertificates({ ...options, watch: telemetry.certificates }));
  await until('Redis is up', () => connection.isUp());
  const seconds = async () => [...(await notAfter(telemetry, 'redis_server')).values()][0] ?? 0;
  assert.ok((await seconds()) * 1000 < Date.now() + 2 * hourMs);
  await server.command('CONFIG', 'SET', ...certificateOptions(renewed).flat());
  await until('the renewed one is seen', async () => {
    assert.ok(connection.isUp());
    return (await seconds()) * 1000 > Date.now() + 2 * hourMs;
  });
  assert.deepEqual(lost, []);
});
