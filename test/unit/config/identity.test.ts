import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadConfig } from '../../../src/config/load-config.ts';
import { writtenDirectory, writtenFile } from './written-file.ts';

function load(identity: string) {
  return loadConfig(writtenFile(`policy: { bundle: b }\nidentity: {${identity}}\n`), {});
}

function identityOf(identity: string) {
  const loaded = load(identity);
  assert.ok('config' in loaded, JSON.stringify(loaded));
  return loaded.config.identity;
}

function problemsIn(identity: string): string[] {
  const loaded = load(identity);
  assert.ok('problems' in loaded, 'there are problems');
  return loaded.problems.map(({ path, message }) => `${path}: ${message}`);
}

/** The least that an issuer needs, and what the test is about. */
function issuer(rest = '', name = 'https://a'): string {
  const needed = 'audiences: [orders], algorithms: [ES256], jwks: { file: keys.json }';
  return `{ issuer: '${name}', ${needed}, ${rest} }`;
}

/** JWT-SVIDs whose keys an agent gives. */
function svids(rest = ''): string {
  const keys = 'jwks: { workloadApi: unix:/run/spire/agent.sock }, trustDomains: [prod]';
  return `{ audiences: [orders], algorithms: [ES256], ${keys}, ${rest} }`;
}

test('a Workload API has an issuer for each trust domain', () => {
  const entry = svids().replace('[prod]', '[prod, partner]');
  const { jwt } = identityOf(
    `trustDomains: [prod], federatedTrustDomains: [partner], jwt: [${entry}]`,
  );
  const keys = { kind: 'trustBundle', socketPath: '/run/spire/agent.sock', keepMs: 3_600_000 };
  assert.deepEqual(
    jwt.map(({ issuer: name, keys: settings, trustDomains, types }) => {
      return [name, settings, trustDomains, types];
    }),
    ['prod', 'partner'].map((trustDomain) => {
      const types = ['', 'jwt', 'jose'];
      return [`spiffe://${trustDomain}`, { ...keys, trustDomain }, [trustDomain], types];
    }),
  );
});

test('an issuer’s defaults are those of a service', () => {
  assert.deepEqual(identityOf(`jwt: [${issuer()}]`).jwt, [
    {
      issuer: 'https://a',
      kind: 'service',
      keys: { kind: 'file', path: join(writtenDirectory, 'keys.json') },
      audiences: ['orders'],
      algorithms: ['ES256'],
      types: ['', 'jwt', 'jose', 'at+jwt'],
      maxLifetimeMs: 300_000,
      clockSkewMs: 30_000,
      scopes: [],
      header: 'authorization',
      forward: true,
      principalClaim: 'sub',
      principalPrefix: '',
      trustDomains: [],
    },
  ]);
});

test('a person’s token may live longer', () => {
  const { jwt } = identityOf(`trustDomains: [prod], jwt: [${issuer('kind: user')}]`);
  assert.equal(jwt[0]?.maxLifetimeMs, 3_600_000);
});

function keysAt(url: string): string {
  return `jwt: [{ issuer: a, audiences: [o], algorithms: [ES256], jwks: { url: '${url}' } }]`;
}

test('keys come from a server by https, or on this machine', () => {
  for (const url of [
    'https://a.example/jwks',
    'http://127.0.0.1:9/j',
    'http://localhost/j',
    'http://[::1]/j',
  ]) {
    const [keys] = identityOf(keysAt(url)).jwt.map(({ keys: settings }) => settings);
    assert.deepEqual(keys, {
      kind: 'server',
      url,
      refreshMs: 300_000,
      minIntervalMs: 10_000,
      keepMs: 3_600_000,
    });
  }
  for (const url of ['http://a.example/jwks', 'http://127.0.0.1.example/', 'http://10.0.0.1/']) {
    assert.match(problemsIn(keysAt(url)).join(), /jwks\.url: must be https/);
  }
});

const refusals: readonly (readonly [identity: string, problem: RegExp])[] = [
  ['', /trustDomains: names no trust domain/],
  [`require: peer, jwt: [${issuer()}]`, /trustDomains: names no trust domain/],
  ['require: token, trustDomains: [prod]', /require: is token, and identity.jwt names no issuer/],
  [`require: token, jwt: [${issuer('kind: user')}]`, /require: is token/],
  ['trustDomains: [a], federatedTrustDomains: [a]', /federatedTrustDomains: names a, which is in/],
  ['trustDomains: [a], sources: [xfcc, xfcc]', /sources: names a source twice/],
  [
    `jwt: [${issuer('algorithms: [HS256]').replace('algorithms: [ES256], ', '')}]`,
    /must be one of ES256/,
  ],
  [
    `jwt: [${issuer('algorithms: [none]').replace('algorithms: [ES256], ', '')}]`,
    /must be one of ES256/,
  ],
  [`jwt: [${issuer('algorithms: []').replace('algorithms: [ES256], ', '')}]`, /is empty; name one/],
  [`jwt: [${issuer('audiences: []').replace('audiences: [orders], ', '')}]`, /is empty; name what/],
  ['jwt: [{ issuer: a }]', /jwt\[0\]\.jwks: is missing/],
  [
    `jwt: [${issuer("jwks: { file: k, url: 'https://a' }").replace(' jwks: { file: keys.json },', '')}]`,
    /or file or workloadApi must be given/,
  ],
  [`jwt: [${issuer()}, ${issuer()}]`, /names https:\/\/a twice for the header authorization/],
  [`jwt: [${issuer()}, ${issuer('', 'b')}]`, /could have the same principals/],
  [
    `jwt: [${issuer("principalPrefix: 'a:'")}, ${issuer("principalPrefix: 'a:b:'", 'b')}]`,
    /same principals/,
  ],
  [
    `trustDomains: [p], jwt: [${issuer('trustDomains: [q]')}]`,
    /for trust domain q, which is not in/,
  ],
  [`jwt: [${issuer('kind: user, bindTo: peer')}]`, /bindTo: is for kind: service/],
  [`jwt: [${issuer().replace("issuer: 'https://a',", '')}]`, /jwt\[0\]\.issuer: is missing/],
  [`jwt: [${svids('issuer: a')}]`, /issuer: has no say with jwks\.workloadApi/],
  [`jwt: [${svids().replace('[prod]', '[]')}]`, /trustDomains: is missing; name those/],
  [`jwt: [${svids('principalClaim: name')}]`, /principalClaim: is sub with/],
  [`jwt: [${svids()}]`, /spiffe:\/\/prod for trust domain prod, which is not in/],
  [`trustDomains: [prod], jwt: [${svids()}, ${svids()}]`, /names spiffe:\/\/prod twice/],
  [`jwt: [${svids().replace('unix:/', '/')}]`, /workloadApi: must be unix:\/path/],
];

for (const [identity, problem] of refusals) {
  test(`{${identity}} is refused: ${problem.source}`, () => {
    assert.match(problemsIn(identity).join('\n'), problem);
  });
}

test('issuers whose callers cannot be mistaken for each other stand beside each other', () => {
  identityOf(
    `trustDomains: [prod], jwt: [
      ${issuer("principalPrefix: 'a:'")}, ${issuer("principalPrefix: 'b:'", 'b')},
      ${issuer('trustDomains: [prod]', 'svid')}, ${issuer('kind: user, header: x-user-token', 'people')}]`,
  );
});
