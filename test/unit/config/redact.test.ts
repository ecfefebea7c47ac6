import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load-config.ts';
import { redact } from '../../../src/config/redact.ts';
import { writtenFile } from './written-file.ts';

function printed(url: string): string | undefined {
  const file = writtenFile(
    'identity: { require: none }\npolicy: { bundle: b }\nredis: { url: "${URL}" }',
  );
  const loaded = loadConfig(file, { URL: url });
  assert.ok('config' in loaded);
  return redact(loaded.config).redis?.url;
}

test('a printed configuration has no password', () => {
  assert.equal(printed('redis://user:hunter2@redis:6379/1'), 'redis://user:***@redis:6379/1');
  assert.equal(printed('rediss://:hunter2@redis'), 'rediss://:***@redis');
});

test('a printed configuration has no query, where a password could also be', () => {
  assert.equal(printed('redis://redis:6379?password=hunter2'), 'redis://redis:6379');
});

test('an address without secrets is printed as it is', () => {
  assert.equal(printed('redis://redis:6379'), 'redis://redis:6379');
  assert.equal(printed('unix:/run/redis.sock'), 'unix:/run/redis.sock');
});
