import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { needsRestart } from '../../../src/config/needs-restart.ts';
import { writtenFile } from './written-file.ts';

function configWith(lines: string): Config {
  const loaded = loadConfig(
    writtenFile(`identity: { require: none }\npolicy: { bundle: b }\n${lines}`),
    {},
  );
  assert.ok('config' in loaded);
  return loaded.config;
}

test('the same configuration, read twice, needs no restart', () => {
  const text = 'redis: { url: "redis://a" }\naudit: { file: { path: a } }';
  assert.deepEqual(needsRestart(configWith(text), configWith(text)), []);
});

test('listeners, the Redis connection, the sinks and the header prefix need a restart', () => {
  const changed = configWith(`
server: { keepalive: { interval: 1m }, checkTimeout: 10ms }
admin: { address: 127.0.0.1:1 }
redis: { url: "redis://a" }
audit: { stdout: false, file: { path: a } }
headers: { prefix: x-gate-way- }
`);
  assert.deepEqual(needsRestart(configWith(''), changed), [
    'server.checkTimeout',
    'server.keepalive.interval',
    'admin.address',
    'redis',
    'audit.stdout',
    'audit.file',
    'headers.prefix',
  ]);
});

test('everything else may change while checks are answered', () => {
  const changed = configWith(`
limits: other.yaml
audit: { mask: [/input] }
insecure: { ambiguousPaths: [semicolon] }
`);
  assert.deepEqual(needsRestart(configWith(''), changed), []);
});
