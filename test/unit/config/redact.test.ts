import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
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

test('a printed configuration has no token, secret or key of a bundle', () => {
  const loaded = loadConfig(
    writtenFile(`
identity: { require: none }
policy:
  opa:
    services:
      a: { url: 'https://a/?key=hunter2', headers: { x-key: hunter2 }, credentials: { bearer: { token: hunter2 } } }
      b: { url: 'https://b', credentials: { oauth2: { token_url: 'https://t', client_id: i, client_secret: hunter2 } } }
    keys: { k: { algorithm: HS256, key: hunter2 } }
    bundles: { a: { service: a }, b: { service: b } }
    status: { service: a }
`),
    {},
  );
  assert.ok('config' in loaded);
  const { bundles, status } = loaded.config.policy;
  for (const secret of [bundles, status]) assert.match(inspect(secret, { depth: 10 }), /hunter2/);
  assert.doesNotMatch(inspect(redact(loaded.config).policy, { depth: 10 }), /hunter2/);
});

test('a printed configuration has no key to the keys of an issuer', () => {
  const jwks = "{ url: 'https://a/jwks?key=hunter2' }";
  const issuer = `{ issuer: a, audiences: [o], algorithms: [ES256], jwks: ${jwks} }`;
  const file = writtenFile(`policy: { bundle: b }\nidentity: { jwt: [${issuer}] }`);
  const loaded = loadConfig(file, {});
  assert.ok('config' in loaded);
  assert.doesNotMatch(inspect(redact(loaded.config), { depth: 10 }), /hunter2/);
});

test('a printed configuration has no query, where a password could also be', () => {
  assert.equal(printed('redis://redis:6379?password=hunter2'), 'redis://redis:6379');
});

test('an address without secrets is printed as it is', () => {
  assert.equal(printed('redis://redis:6379'), 'redis://redis:6379');
  assert.equal(printed('unix:/run/redis.sock'), 'unix:/run/redis.sock');
});
