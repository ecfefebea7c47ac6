import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { importIstio } from '../../../src/access/istio/import-istio.ts';
import { writeYaml } from '../../../src/config/yaml/manifests.ts';
import type { JsonValue } from '../../../src/domain/json.ts';
import { type Asked, documentOf, engineOf, judge } from './access-fixture.ts';
import { type IstioRequest, istioAllows, type PlainPolicy } from './istio-semantics.ts';

const options = { trustDomains: ['cluster.local'], rootNamespace: 'istio-system' };

const deployment = {
  kind: 'Deployment',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: {
    template: { metadata: { labels: { app: 'orders' } }, spec: { serviceAccountName: 'orders' } },
  },
};

function manifest(spec: object, name = 'policy', namespace = 'shop'): JsonValue {
  const text = JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace },
    spec,
  });
  return JSON.parse(text) as JsonValue;
}

function imported(...specs: readonly object[]) {
  return importIstio([deployment, ...specs.map((spec) => manifest(spec))], options);
}

function askedOf(request: IstioRequest): Asked {
  const { principal, authority, claims, ...rest } = request;
  return {
    ...rest,
    from: `spiffe://${principal}`,
    destination: 'spiffe://cluster.local/ns/shop/sa/orders',
    host: (authority.split(':')[0] ?? '').toLowerCase(),
    headers: { ...rest.headers, ':authority': authority },
    ...(claims && { token: { claims, scopes: [] } }),
  };
}

const some = (...values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const paths = some(
  '/a',
  '/a/b',
  '/a/*',
  '/a*',
  '*',
  '/*',
  '*.js',
  '/a/{*}',
  '/a/{**}',
  '/{*}/b',
  '/a/{**}/b',
);
type Fields = Readonly<Record<string, fc.Arbitrary<readonly string[]>>>;

/** With more fields hardly any request would be allowed. */
function oneOrTwo(fields: Fields): fc.Arbitrary<Readonly<Record<string, readonly string[]>>> {
  return fc
    .shuffledSubarray(Object.entries(fields), { minLength: 1, maxLength: 2 })
    .chain((chosen) => fc.record(Object.fromEntries(chosen)));
}

const source = oneOrTwo({
  principals: some(
    'cluster.local/ns/shop/sa/web',
    'cluster.local/ns/batch/*',
    '*',
    '*/sa/web',
    'cluster.local/ns/ba*',
  ),
  notPrincipals: some('cluster.local/ns/shop/sa/web', 'cluster.local/ns/batch/*', '*/sa/web'),
  namespaces: some('shop', 'batch', 'ba*'),
  notNamespaces: some('batch', 'ba*'),
  serviceAccounts: some('web', 'batch/reports'),
  requestPrincipals: some('*', 'iss/me', 'other/me', 'iss/*'),
  notRequestPrincipals: some('*', 'iss/me'),
  ipBlocks: some('10.0.0.0/8', '192.0.2.1'),
  notIpBlocks: some('10.0.0.0/8'),
});
const operation = oneOrTwo({
  paths,
  notPaths: paths,
  methods: some('GET', 'POST', 'HEAD', '*'),
  notMethods: some('GET', 'POST'),
  ports: some('80', '443'),
  notPorts: some('443'),
  hosts: some('shop', 'shop:*', '*.example', 'shop:81'),
  notHosts: some('shop', 'shop:81'),
});
const when = fc.oneof(
  fc.record({ key: fc.constant('request.headers[x-a]'), values: some('1', '2*', '*') }),
  fc.record({ key: fc.constant('request.headers[x-a]'), notValues: some('1', '2') }),
  fc.record({ key: fc.constant('request.auth.claims[role]'), values: some('admin', 'dev', 'a*') }),
  fc.record({ key: fc.constant('request.auth.claims[role]'), notValues: some('admin') }),
);
const rule = fc.record(
  {
    from: fc.array(fc.record({ source: source }), { minLength: 1, maxLength: 2 }),
    to: fc.array(fc.record({ operation: operation }), { minLength: 1, maxLength: 2 }),
    when: fc.array(when, { minLength: 1, maxLength: 2 }),
  },
  { requiredKeys: [] },
);
const policies = fc
  .tuple(fc.array(rule, { minLength: 1, maxLength: 3 }), fc.array(rule, { maxLength: 2 }))
  .map(([allow, deny]): readonly PlainPolicy[] => [
    { action: 'ALLOW', rules: allow },
    { action: 'DENY', rules: deny },
  ]);
const request: fc.Arbitrary<IstioRequest> = fc.record({
  principal: fc.constantFrom(
    'cluster.local/ns/shop/sa/web',
    'cluster.local/ns/batch/sa/reports',
    'cluster.local/ns/bar/sa/web',
  ),
  method: fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE'),
  path: fc.constantFrom('/', '/a', '/a/', '/a/b', '/a/b/c', '/ab', '/c/b', '/a/x.js'),
  authority: fc.constantFrom('shop', 'shop:81', 'SHOP', 'api.example'),
  port: fc.constantFrom(80, 443),
  sourceIp: fc.constantFrom('10.1.1.1', '192.0.2.1'),
  headers: fc.constantFrom({}, { 'x-a': '1' }, { 'x-a': '22' }),
  claims: fc.constantFrom(
    undefined,
    { iss: 'iss', sub: 'me' },
    { iss: 'iss', sub: 'me', role: ['dev', 'admin'] },
  ),
});

test('what an imported document allows, Istio allows', async () => {
  let allowed = 0;
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.array(request, { minLength: 20, maxLength: 20 }),
      async (given, requests) => {
        const { services } = imported(...given);
        const engine = await engineOf(documentOf(writeYaml({ version: 1, services })));
        for (const each of requests) {
          if (!judge(engine, askedOf(each)).startsWith('allow')) continue;
          allowed += 1;
          assert.ok(
            istioAllows(given, each),
            `${JSON.stringify(each)}\n${writeYaml({ services })}`,
          );
        }
      },
    ),
    { numRuns: 100 },
  );
  assert.ok(allowed > 50, `only ${allowed} requests were allowed, which shows little`);
});

test('ordinary policies are carried whole, and of a header is said what passes beside', async () => {
  const specs = [
    {
      rules: [
        {
          from: [
            { source: { principals: ['cluster.local/ns/shop/sa/web'] } },
            { source: { namespaces: ['batch'] } },
          ],
          to: [{ operation: { methods: ['GET', 'HEAD'], paths: ['/a', '/a/{*}'], ports: ['80'] } }],
          when: [{ key: 'request.headers[x-role]', values: ['admin'] }],
        },
      ],
    },
    {
      action: 'DENY',
      rules: [
        {
          to: [{ operation: { paths: ['/a/secret'] } }],
          from: [{ source: { notNamespaces: ['shop'] } }],
        },
      ],
    },
  ];
  const { services, notes } = imported(...specs);
  assert.deepEqual(notes, [
    'ALLOW shop/policy: request.headers[x-role] admin: a header that comes more than once passes if each of its values is listed; Istio compares them joined, and would deny it',
  ]);
  assert.deepEqual(services, [
    {
      name: 'shop.orders',
      principals: ['spiffe://cluster.local/ns/shop/sa/orders'],
      deny: [
        {
          name: 'policy',
          paths: ['/a/secret'],
          unless: { from: ['spiffe://cluster.local/ns/shop/*'] },
        },
      ],
      allow: ['spiffe://cluster.local/ns/shop/sa/web', 'spiffe://cluster.local/ns/batch/*'].map(
        (from, at) => ({
          name: at === 0 ? 'policy-2' : 'policy-3',
          from: [from],
          methods: ['GET', 'HEAD'],
          paths: ['/a', '/a/{segment}'],
          headers: { 'x-role': ['admin'] },
          when: { ports: [80] },
        }),
      ),
    },
  ]);
  await engineOf(documentOf(writeYaml({ version: 1, services })));
});

const notCarried: readonly (readonly [spec: object, says: RegExp])[] = [
  [
    { rules: [{ to: [{ operation: { paths: ['*.js'] } }] }] },
    /ALLOW shop\/policy: paths \*\.js cannot be carried: the rule is left out/,
  ],
  [
    { action: 'DENY', rules: [{ when: [{ key: 'connection.sni', values: ['x'] }] }] },
    /DENY shop\/policy: connection\.sni x cannot be carried: without it, more is denied/,
  ],
  [
    { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }] },
    /paths \/admin\* is carried in part: more is denied/,
  ],
  [
    { rules: [{ from: [{ source: { remoteIpBlocks: ['10.0.0.0/8'] } }] }] },
    /remoteIpBlocks 10\.0\.0\.0\/8 cannot be carried/,
  ],
  [{ rules: [{ from: [{ source: {} }] }] }, /empty source cannot be carried: the rule is left out/],
  [
    { rules: [{ from: { source: { namespaces: ['shop'] } } }] },
    /from cannot be carried: the rule is left out/,
  ],
  [{ rules: [null] }, /no rule cannot be carried: the rule is left out/],
  [
    { rules: [{ to: [{ operation: { notPaths: '/admin' } }] }] },
    /notPaths cannot be carried: the rule is left out/,
  ],
  [
    { rules: [{ to: [{ operation: { paths: ['/orders/{id}'] } }] }] },
    /paths \/orders\/\{id\} cannot be carried: the rule is left out/,
  ],
  [
    { action: 'DENY', rules: [{ when: [{ key: 'request.auth.claims[scope]', values: ['x'] }] }] },
    /request\.auth\.claims\[scope\] x cannot be carried: without it, more is denied/,
  ],
  [
    { rules: [{ when: [{ key: 'request.auth.claims[role]', notValues: ['guest'] }] }] },
    /not request\.auth\.claims\[role\] guest cannot be carried: the rule is left out/,
  ],
  [
    { rules: [{ when: [{ key: 'request.headers[:path]', values: ['/a'] }] }] },
    /request\.headers\[:path\] \/a cannot be carried: the rule is left out/,
  ],
  [{ rules: [{ form: [] }] }, /form cannot be carried: the rule is left out/],
  [{ action: 'CUSTOM', rules: [{}] }, /CUSTOM shop\/policy only says when its provider is asked/],
  [
    {
      action: 'DENY',
      rules: [{ when: [{ key: 'request.headers[x-a]', notValues: ['1'] }] }],
    },
    /DENY shop\/policy: not request\.headers\[x-a\] 1: a header that comes more than once passes/,
  ],
  [
    { rules: [{ to: [{ operation: { ports: ['0', '70000'] } }] }] },
    /ports 0, 70000 cannot be carried: the rule is left out/,
  ],
  [
    { rules: [{ from: [{ source: { ipBlocks: ['::ffff:10.0.0.0/104', 'any'] } }] }] },
    /ipBlocks ::ffff:10\.0\.0\.0\/104, any cannot be carried: the rule is left out/,
  ],
  [{ action: 'AUDIT', rules: [{}] }, /AUDIT shop\/policy decides nothing/],
  [
    { targetRefs: [{ kind: 'Gateway', name: 'x' }], rules: [{}] },
    /ALLOW shop\/policy is for a gateway or waypoint/,
  ],
  [
    { selector: { matchLabels: { app: 'other' } }, rules: [{}] },
    /ALLOW shop\/policy is about no workload of the files/,
  ],
  [{ action: 'DENY', rules: [] }, /shop\/orders has no ALLOW policy/],
];

for (const [spec, says] of notCarried) {
  test(`of ${JSON.stringify(spec)} is said ${says.source}`, () => {
    assert.match(imported(spec).notes.join('\n'), says);
  });
}

test('workloads with different policies under one account are left out', () => {
  const other = structuredClone(deployment);
  other.spec.template.metadata.labels.app = 'billing';
  const spec = { selector: { matchLabels: { app: 'orders' } }, rules: [{}] };
  const { services, notes } = importIstio([deployment, other, manifest(spec)], options);
  assert.deepEqual(services, []);
  assert.match(
    notes.join('\n'),
    /service account shop\/orders is of workloads with different policies/,
  );
});

test('without workloads a policy that may deny one denies it', () => {
  const allow = manifest({ selector: { matchLabels: { app: 'orders' } }, rules: [{}] }, 'allow');
  const deny = manifest(
    { action: 'DENY', selector: { matchLabels: { tier: 'back' } }, rules: [{}] },
    'deny',
  );
  const { services, notes } = importIstio([allow, deny], options);
  assert.deepEqual(
    services.map(({ name, deny: denied }) => [name, denied.length]),
    [['shop.orders', 1]],
  );
  assert.match(notes.join('\n'), /is taken to run under the service account orders/);
});

test('what is only tried out opens nothing', () => {
  const spec = { rules: [{ from: [{ source: { namespaces: ['shop'] } }] }] };
  const tried = {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: {
      name: 'tried',
      namespace: 'shop',
      annotations: { 'istio.io/dry-run': 'true' },
    },
    spec: { rules: [{}] },
  };
  const { services, notes } = importIstio([deployment, manifest(spec), tried], options);
  assert.deepEqual(
    services.map(({ allow }) => allow.map(({ name }) => name)),
    [['policy']],
  );
  assert.match(notes.join('\n'), /ALLOW shop\/tried is only tried out \(istio\.io\/dry-run\)/);
});

test('who is denied in one trust domain of the mesh is denied in all of them', () => {
  const named = [{ source: { principals: ['old.example/ns/shop/sa/web'] } }];
  const specs = [
    { rules: [{ from: named }] },
    { action: 'DENY', rules: [{ from: named }] },
    { rules: [{ from: [{ source: { notPrincipals: ['old.example/ns/shop/sa/web'] } }] }] },
  ];
  const mesh = { ...options, trustDomains: ['new.example', 'old.example'] };
  const manifests = specs.map((spec) => manifest(spec));
  const [service] = importIstio([deployment, ...manifests], mesh).services;
  const both = ['spiffe://new.example/ns/shop/sa/web', 'spiffe://old.example/ns/shop/sa/web'];
  assert.deepEqual(service?.deny[0]?.from, both);
  assert.deepEqual(service.allow[0]?.from, both.slice(1));
  assert.deepEqual(service.allow[1]?.unless?.from, both);
});

test('a policy whose rules are no list is refused', () => {
  assert.throws(() => imported({ action: 'DENY', rules: { from: [] } }), /rules is no list/);
});

test('a workload under an account by its old name is known by it', () => {
  const old = structuredClone<object>(deployment);
  const text = JSON.stringify(old).replace('serviceAccountName', 'serviceAccount');
  const { services } = importIstio(
    [JSON.parse(text) as JsonValue, manifest({ rules: [{}] })],
    options,
  );
  assert.deepEqual(
    services.map(({ name }) => name),
    ['shop.orders'],
  );
});

test('no rules allow nothing, an empty rule allows everything, and the root’s policies are for all', () => {
  const nothing = importIstio([deployment, manifest({})], options);
  assert.deepEqual(nothing.services[0]?.allow, []);
  assert.deepEqual(nothing.notes, []);
  const all = imported({ rules: [{}] });
  assert.deepEqual(all.services[0]?.allow, [{ name: 'policy', from: ['*'] }]);
  const root = manifest({ action: 'DENY', rules: [{}] }, 'root', 'istio-system');
  const denied = importIstio([deployment, manifest({ rules: [{}] }), root], options);
  assert.deepEqual(denied.services[0]?.deny, [{ name: 'root' }]);
});

test('a host is that in lower case too, as browsers send it', () => {
  const { services } = imported({ rules: [{ to: [{ operation: { hosts: ['Shop.example'] } }] }] });
  assert.deepEqual(services[0]?.allow[0]?.headers, {
    ':authority': ['Shop.example', 'shop.example'],
  });
});

test('a condition on the header host is about the authority, beside hosts too', () => {
  const onHost = [{ key: 'request.headers[Host]', values: ['a', 'b'] }];
  const { services } = imported(
    { action: 'DENY', rules: [{ when: onHost }] },
    { rules: [{ when: onHost, to: [{ operation: { hosts: ['b', 'c'] } }] }] },
  );
  assert.deepEqual(services[0]?.deny[0]?.headers, { ':authority': ['a', 'b'] });
  assert.deepEqual(services[0]?.allow[0]?.headers, { ':authority': ['b'] });
  documentOf(writeYaml({ version: 1, services }));
});

test('services of accounts with long names have names of their own', () => {
  const deployments = ['a', 'b'].map((end) => {
    const other = structuredClone(deployment);
    other.spec.template.spec.serviceAccountName = `${'x'.repeat(60)}${end}`;
    return other;
  });
  const { services } = importIstio([...deployments, manifest({ rules: [{}] })], options);
  assert.equal(new Set(services.map(({ name }) => name)).size, 2);
  documentOf(writeYaml({ version: 1, services }));
});
