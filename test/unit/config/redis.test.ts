import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisConfig } from '../../../src/config/config.ts';
import { parseYaml } from '../../../src/config/yaml/parse-yaml.ts';
import type { Problem } from '../../../src/config/problem.ts';
import { redis } from '../../../src/config/sections/redis-schema.ts';

function read(text: string): { value: RedisConfig | undefined; problems: string[] } {
  const problems: Problem[] = [];
  const reading = { problems, directory: '/etc', unavailable: new Set<string>() };
  const value = redis.read(parseYaml(text, 'f', problems), 'redis', reading);
  return { value, problems: problems.map(({ path, message }) => `${path}: ${message}`) };
}

const defaults = {
  protocol: 3,
  connectTimeoutMs: 1000,
  commandTimeoutMs: 50,
  keyPrefix: 'sallyport:',
  replicas: 'auto',
};

test('one server, sentinels or a cluster, with a user, its password and TLS from files', () => {
  assert.deepEqual(read('{ url: "redis://a", protocol: 2 }').value, {
    ...defaults,
    url: 'redis://a',
    protocol: 2,
  });
  assert.deepEqual(
    read(`
sentinels: { addresses: ['s1:26379', '[::1]:26380'], master: limits, passwordFile: s.txt }
username: sallyport
passwordFile: p.txt
tls: { ca: ca.crt, certificate: c.crt, privateKey: c.key, serverName: limits.prod }
`).value,
    {
      ...defaults,
      sentinels: {
        addresses: [
          { host: 's1', port: 26379 },
          { host: '::1', port: 26380 },
        ],
        master: 'limits',
        passwordFile: '/etc/s.txt',
      },
      username: 'sallyport',
      passwordFile: '/etc/p.txt',
      tls: {
        ca: '/etc/ca.crt',
        certificate: '/etc/c.crt',
        privateKey: '/etc/c.key',
        serverName: 'limits.prod',
      },
    },
  );
  assert.deepEqual(read('{ cluster: ["n1:6379"], tls: {} }').value, {
    ...defaults,
    cluster: [{ host: 'n1', port: 6379 }],
    tls: {},
  });
});

const noCount = 'redis.replicas: must be auto, or an integer from 1 to 10000, not';

const mistakes: readonly [text: string, problem: string][] = [
  ['{ url: "redis://a", replicas: 0 }', `${noCount} 0`],
  ['{ url: "redis://a", replicas: many }', `${noCount} "many"`],
  ['replicas: 2', 'redis.url: is missing; name one of url, sentinels and cluster'],
  [
    '{ url: "redis://a", cluster: ["a:1"] }',
    'redis.url: is one too many; name one of url, sentinels and cluster',
  ],
  [
    '{ sentinels: { addresses: ["a:1"], master: m }, cluster: ["a:1"] }',
    'redis.sentinels: is one too many; name one of url, sentinels and cluster',
  ],
  ['{ cluster: [] }', 'redis.cluster: is empty; name at least one address'],
  [
    '{ cluster: ["a:0"] }',
    'redis.cluster[0]: must be host:port or [::1]:port, with a port from 1 to 65535, not "a:0"',
  ],
  ['{ sentinels: { addresses: ["a:1"] } }', 'redis.sentinels.master: is missing'],
  ['{ url: "redis://a", tls: {} }', 'redis.tls: is for rediss:// only; write redis.url so'],
  ['{ url: "unix:/s", tls: {} }', 'redis.tls: is for rediss:// only; write redis.url so'],
  ['{ url: "redis://u@a", username: u }', 'redis.username: is also in redis.url; keep one of them'],
  [
    '{ url: "redis://:p@a", passwordFile: p }',
    'redis.passwordFile: is also in redis.url; keep one of them',
  ],
  [
    '{ cluster: ["a:1"], tls: { privateKey: k } }',
    'redis.tls.privateKey: needs certificate beside it',
  ],
  [
    '{ cluster: ["a:1"], tls: { certificate: c } }',
    'redis.tls.certificate: needs privateKey beside it',
  ],
  ['{ url: "redis://a", protocol: 4 }', 'redis.protocol: must be an integer from 2 to 3, not 4'],
];

for (const [text, problem] of mistakes) {
  test(`${text} is refused, and why`, () => {
    assert.deepEqual(read(text).problems, [problem]);
  });
}
