import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import type { BundleSettings } from '../../../src/domain/bundle-settings.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { writtenDirectory, writtenFile } from './written-file.ts';

function load(policy: string) {
  return loadConfig(writtenFile(`identity: { require: none }\npolicy:\n${policy}\n`), {});
}

function bundlesOf(policy: string): readonly BundleSettings[] {
  const loaded = load(policy);
  assert.ok('config' in loaded, 'problems' in loaded ? JSON.stringify(loaded.problems) : '');
  return loaded.config.policy.bundles;
}

function problemsOf(policy: string): string {
  const loaded = load(policy);
  return 'problems' in loaded ? loaded.problems.map(formatProblem).join('\n') : '';
}

test('a bundle of a server has everything that it is asked with', () => {
  const [bundle] = bundlesOf(`
  bundle:
    url: https://bundles.example/v1/shop.tar.gz?tenant=1
    tokenFile: token
    ca: ca.pem
    certificate: tls.crt
    privateKey: tls.key
    polling: { min: 1s, max: 2s, longPoll: 30s }
    responseTimeout: 3s
    signing:
      keys: { release: { algorithm: ES256, key: PEM, scope: write } }
      excludeFiles: ['*.md']
    persist: kept
    maxSize: 1MiB`);
  assert.deepEqual(bundle, {
    name: 'shop',
    source: {
      kind: 'http',
      url: 'https://bundles.example/v1/shop.tar.gz?tenant=1',
      headers: {},
      credentials: {
        kind: 'bearer',
        scheme: 'Bearer',
        token: { file: join(writtenDirectory, 'token') },
      },
      tls: {
        ca: join(writtenDirectory, 'ca.pem'),
        certificate: join(writtenDirectory, 'tls.crt'),
        privateKey: join(writtenDirectory, 'tls.key'),
      },
      polling: { minDelayMs: 1000, maxDelayMs: 2000, longPollMs: 30_000 },
      responseTimeoutMs: 3000,
      downloadTimeoutMs: 120_000,
    },
    maxBytes: 1024 * 1024,
    signing: {
      require: 'always',
      keys: new Map([['release', { algorithm: 'ES256', key: 'PEM', scope: 'write' }]]),
      excludeFiles: ['*.md'],
      allowUnsignedDeltas: false,
    },
    persistDirectory: join(writtenDirectory, 'kept'),
  });
});

test('a bundle is named after its file, where that can be the name of a folder', () => {
  const names: readonly (readonly [written: string, name: string])[] = [
    ['a/shop.tar.gz', 'shop'],
    ['{ url: "https://b/v1/shop.tgz?x=/y" }', 'shop'],
    ['{ url: "https://b/.." }', 'bundle'],
    ['{ url: "https://b" }', 'b'],
  ];
  for (const [written, name] of names) {
    const [bundle] = bundlesOf(`  bundle: ${written}`);
    assert.equal(bundle?.name, name);
  }
});

test('several bundles have the names that they are given', () => {
  const bundles = bundlesOf('  bundles: { authz: a.tar.gz, data: { url: "http://b/c" } }');
  assert.deepEqual(
    bundles.map(({ name, source }) => [name, source.kind]),
    [
      ['authz', 'local'],
      ['data', 'http'],
    ],
  );
});

test("OPA's own words mean what they mean to OPA", () => {
  const [first, second, third] = bundlesOf(`
  opa:
    services:
      - name: main
        url: https://opa.example/api/
        headers: { x-tenant: a }
        response_header_timeout_seconds: 5
        credentials: { bearer: { token: secret } }
      - name: other
        url: https://other.example
        credentials:
          oauth2: { token_url: https://t.example, client_id: i, client_secret: s, scopes: [a, b] }
    keys:
      release: { key: PEM }
    bundles:
      authz: {}
      data:
        service: other
        resource: /files/data.tar.gz
        polling: { min_delay_seconds: 1, max_delay_seconds: 2, long_polling_timeout_seconds: 3 }
        persist: true
        size_limit_bytes: 5
        signing: { keyid: release, scope: write }
      local: { resource: 'file:///etc/opa/local' }`);
  assert.ok(first?.source.kind === 'http');
  assert.equal(first.source.url, 'https://opa.example/api/bundles/authz');
  assert.deepEqual(first.source.headers, { 'x-tenant': 'a' });
  assert.deepEqual(first.source.credentials, {
    kind: 'bearer',
    scheme: 'Bearer',
    token: { text: 'secret' },
  });
  assert.equal(first.source.responseTimeoutMs, 5000);
  assert.deepEqual(first.source.polling, { minDelayMs: 60_000, maxDelayMs: 120_000 });
  assert.equal(first.signing?.require, 'whenPresent');
  assert.equal(first.signing.keys.get('release')?.algorithm, 'RS256');
  assert.equal(first.maxBytes, 1024 ** 3);

  assert.ok(second?.source.kind === 'http');
  assert.equal(second.source.url, 'https://other.example/files/data.tar.gz');
  assert.equal(second.source.credentials?.kind, 'oauth2');
  assert.deepEqual(second.source.polling, { minDelayMs: 1000, maxDelayMs: 2000, longPollMs: 3000 });
  assert.equal(second.persistDirectory, join(writtenDirectory, '.opa'));
  assert.equal(second.maxBytes, 5);
  assert.deepEqual(
    [second.signing?.require, second.signing?.keyId, second.signing?.scope],
    ['always', 'release', 'write'],
  );
  assert.deepEqual(third?.source, { kind: 'local', path: '/etc/opa/local' });
});

const refusals: readonly (readonly [name: string, policy: string, says: RegExp])[] = [
  ['nothing', '  decision: a/b', /policy\.bundle: is missing/],
  ['two ways', '  bundle: a\n  bundles: { b: c }', /:3: .*only one of bundle, bundles and opa/],
  ['an empty set', '  bundles: {}', /:3: policy\.bundles: names no bundle/],
  ['a bundle from nowhere', '  bundle: {}', /url: or path must be given/],
  ['a bundle from two places', '  bundle: { url: "http://a", path: b }', /url: or path must be/],
  [
    'a password in a URL',
    '  bundle: { url: "http://u:p@a" }',
    /must be an http:\/\/ .* without a user$/,
  ],
  [
    'a delay that is upside down',
    '  bundle: { url: "http://a", polling: { min: 5m } }',
    /polling\.max: must not be shorter/,
  ],
  [
    'half of a certificate',
    '  bundle: { url: "http://a", certificate: b }',
    /certificate: and privateKey go together/,
  ],
  ['a kept file of a file', '  bundle: { path: a, persist: b }', /persist: is for a url/],
  [
    'an unknown key',
    '  bundle: { url: "http://a", singing: {} }',
    /singing: is not a key; did you mean signing/,
  ],
  [
    'an algorithm of a token',
    '  bundle: { path: a, signing: { keys: { k: { algorithm: none, key: x } } } }',
    /algorithm: must be one of ES256/,
  ],
  ['a name that is a path', '  bundles: { "../a": b }', /is not a name/],
  [
    'an unknown service',
    '  opa: { bundles: { a: { service: b } } }',
    /bundles\.a names a service that is not/,
  ],
  [
    'signing without keys',
    '  opa: { services: { s: { url: "http://a" } }, bundles: { a: { signing: {} } } }',
    /bundles\.a is to be signed, and there are no keys/,
  ],
  [
    'credentials that are not available',
    '  opa: { services: { s: { url: "http://a", credentials: { s3_signing: {} } } }, bundles: {} }',
    /s3_signing: is not a key/,
  ],
  [
    'TLS without verification',
    '  opa: { services: { s: { url: "https://a", allow_insecure_tls: true } }, bundles: {} }',
    /allow_insecure_tls: is not available/,
  ],
  [
    'a token endpoint without TLS',
    '  opa: { services: { s: { url: "https://a", credentials: { oauth2: { token_url: "http://t", client_id: i, client_secret: s } } } }, bundles: {} }',
    /token_url: must be https/,
  ],
];

for (const [name, policy, says] of refusals) {
  test(`a policy with ${name} is refused`, () => {
    assert.match(problemsOf(policy), says);
  });
}

test('a status is told to a server as bundles are asked of one', () => {
  const loaded = load(`
  bundle: authz.tar.gz
  status: { url: https://opa.example/status, tokenFile: token, ca: ca.pem, responseTimeout: 3s }`);
  assert.ok('config' in loaded);
  assert.deepEqual(loaded.config.policy.status, {
    url: 'https://opa.example/status',
    headers: {},
    credentials: {
      kind: 'bearer',
      scheme: 'Bearer',
      token: { file: join(writtenDirectory, 'token') },
    },
    tls: { ca: join(writtenDirectory, 'ca.pem') },
    responseTimeoutMs: 3000,
    downloadTimeoutMs: 3000,
  });
});

test('a status that is written twice, or by halves, is refused', () => {
  const opa = 'opa: { services: { a: { url: https://a } }, bundles: { a: {} }, status: {} }';
  const twice = problemsOf(`  ${opa}\n  status: { url: https://b }`);
  assert.match(twice, /policy\.status: is also in policy\.opa; keep one of them/);
  const half = problemsOf('  bundle: a\n  status: { url: https://b, certificate: c.pem }');
  assert.match(half, /policy\.status\.certificate: and privateKey go together/);
});
