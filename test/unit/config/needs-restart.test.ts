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

test('listeners, the Redis connection and the audit file are what needs a restart', () => {
  const changed = configWith(`
server: { keepalive: { interval: 1m }, checkTimeout: 10ms }
admin: { address: 127.0.0.1:1 }
redis: { url: "redis://a" }
audit: { file: { path: a } }
`);
  assert.deepEqual(needsRestart(configWith(''), changed), [
    'server.checkTimeout',
    'server.keepalive.interval',
    'admin.address',
    'redis',
    'audit.file',
  ]);
});

test('everything else may change while checks are answered', () => {
  const changed = configWith(
    `
limits: other.yaml
audit: { stdout: false, mask: [/input] }
headers: { prefix: x-gate- a }
insecure: { ambiguousPaths: [semicolon] }
`.replace('- a', '-way-'),
  );
  assert.deepEqual(needsRestart(configWith(''), changed), []);
});
