import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutsideConfig } from '../../../src/config/config.ts';
import { parseYaml } from '../../../src/config/yaml/parse-yaml.ts';
import { policy } from '../../../src/config/sections/policy-schema.ts';
import type { Problem } from '../../../src/config/problem.ts';

function read(outside: string): { value: OutsideConfig | undefined; problems: string[] } {
  const problems: Problem[] = [];
  const reading = { problems, directory: '/etc', unavailable: new Set<string>() };
  const node = parseYaml(`{ bundle: b.tar.gz, outside: ${outside} }`, 'f', problems);
  const value = policy.read(node, 'policy', reading)?.outside;
  return { value, problems: problems.map(({ path, message }) => `${path}: ${message}`) };
}

test('hosts are named one by one, with a port or for all of them', () => {
  const hosts = ['api.example', 'API.example:8443', '10.0.0.1', '[::1]:80', '[2001:db8::1]', 'a_b'];
  const { value, problems } = read(`{ hosts: ${JSON.stringify(hosts)} }`);
  assert.deepEqual(problems, []);
  assert.deepEqual(value, {
    hosts,
    maxTimeoutMs: 1000,
    maxResponseBytes: 1024 * 1024,
    maxCacheBytes: 16 * 1024 * 1024,
  });
});

test('times and sizes are bounded as the configuration says', () => {
  const text = '{ hosts: [a], timeout: 250ms, maxResponse: 64KiB, cache: 0B }';
  assert.deepEqual(read(text).value, {
    hosts: ['a'],
    maxTimeoutMs: 250,
    maxResponseBytes: 64 * 1024,
    maxCacheBytes: 0,
  });
});

const host = 'must be a host such as api.example, api.example:8443, 10.0.0.1 or [::1]:80';
const mistakes: readonly [outside: string, problem: string][] = [
  ['{}', 'policy.outside.hosts: is missing'],
  ['{ hosts: [] }', 'policy.outside.hosts: is empty; name hosts or remove policy.outside'],
  ['{ hosts: ["*.example"] }', `policy.outside.hosts[0]: ${host}, not "*.example"`],
  ['{ hosts: ["*"] }', `policy.outside.hosts[0]: ${host}, not "*"`],
  ['{ hosts: [a, "http://b"] }', `policy.outside.hosts[1]: ${host}, not "http://b"`],
  ['{ hosts: ["a/path"] }', `policy.outside.hosts[0]: ${host}, not "a/path"`],
  ['{ hosts: ["user@a"] }', `policy.outside.hosts[0]: ${host}, not "user@a"`],
  ['{ hosts: ["::1"] }', `policy.outside.hosts[0]: ${host}, not "::1"`],
  ['{ hosts: [""] }', `policy.outside.hosts[0]: ${host}, not ""`],
  ['{ hosts: ["a:0"] }', `policy.outside.hosts[0]: ${host}, not "a:0"`],
  [
    '{ hosts: [a], timeout: 2m }',
    'policy.outside.timeout: must be a duration from 1ms to 1m, such as 500ms, 30s, not "2m"',
  ],
  [
    '{ hosts: [a], maxResponse: 1GiB }',
    'policy.outside.maxResponse: must be a size from 1KiB to 64MiB, such as 64KiB, 4MiB or 1GiB, not "1GiB"',
  ],
];

for (const [outside, problem] of mistakes) {
  test(`${outside} is refused, and why`, () => {
    assert.deepEqual(read(outside).problems, [problem]);
  });
}
