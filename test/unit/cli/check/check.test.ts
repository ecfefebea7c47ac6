import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writtenFile } from '../../config/written-file.ts';
import { FakeWorld } from '../fake-context.ts';

const allowed = {
  status: { code: 0 },
  okResponse: {
    headers: [
      { header: { key: 'x-sallyport-decision-id', value: 'd-1' } },
      { header: { key: 'x-sallyport-policy', value: 'rev-7' } },
    ],
    headersToRemove: ['x-sallyport-rule'],
    responseHeadersToAdd: [{ header: { key: 'ratelimit', value: '"orders";r=4;t=1' } }],
  },
  dynamicMetadata: {
    decision_id: 'd-1',
    policy: 'rev-7',
    caller: 'spiffe://prod/ns/shop/sa/web',
    reason: 'allowed',
    rule: 'orders-read',
    limits: [
      { name: 'orders', mode: 'enforce', result: 'within', remaining: 4 },
      { name: 'trial', mode: 'shadow', result: 'over', remaining: 0 },
    ],
  },
};

const denied = {
  status: { code: 8 },
  deniedResponse: {
    status: { code: 429 },
    headers: [{ header: { key: 'retry-after', value: '3' } }],
    body: '{"title":"Too many requests"}',
  },
  dynamicMetadata: { decision_id: 'd-2', reason: 'rate_limited' },
};

test('the request is the one that Envoy would send', async () => {
  const world = new FakeWorld();
  const args = [
    ['--principal', 'spiffe://prod/ns/shop/sa/web', '--method', 'POST', '--path', '/a?b=1'],
    ['--host', 'orders.example', '--header', 'X-Tenant: blue', '--header', 'x-tenant:red'],
    ['--body-file', writtenFile('{"a":1}', 'body')],
    ['--token-file', writtenFile('t0ken\n', 'token')],
    ['--context', 'service=orders', '--source-ip', '10.0.0.9'],
  ];
  const status = await world.run('check', ...args.flat());
  assert.equal(status, 0);
  assert.deepEqual(world.servers, [{ kind: 'tcp', host: '127.0.0.1', port: 9191 }]);
  assert.deepEqual(world.asked, [
    {
      attributes: {
        source: {
          principal: 'spiffe://prod/ns/shop/sa/web',
          address: { socketAddress: { address: '10.0.0.9' } },
        },
        request: {
          http: {
            method: 'POST',
            path: '/a?b=1',
            host: 'orders.example',
            scheme: 'http',
            protocol: 'HTTP/1.1',
            size: 7,
            headers: {
              ':authority': 'orders.example',
              ':method': 'POST',
              ':path': '/a?b=1',
              ':scheme': 'http',
              'x-tenant': 'blue,red',
              authorization: 'Bearer t0ken',
              'x-envoy-auth-partial-body': 'false',
            },
            body: '{"a":1}',
          },
        },
        contextExtensions: { service: 'orders' },
      },
    },
  ]);
});

test('a body that is not text is sent as bytes', async () => {
  const world = new FakeWorld();
  await world.run(
    'check',
    '--path',
    '/',
    '--body-file',
    writtenFile(Uint8Array.of(0, 255), 'bytes'),
  );
  const http = world.asked[0]?.attributes.request?.http;
  assert.equal(http?.body, undefined);
  assert.deepEqual([...(http?.rawBody ?? [])], [0, 255]);
});

test('an allow is printed with what it was decided by, and exits 0', async () => {
  const world = new FakeWorld();
  world.responses = [allowed];
  assert.equal(await world.run('check', '--path', '/orders'), 0);
  assert.equal(
    world.stdout,
    `ALLOW
  reason       allowed
  status       the upstream answers
  caller       spiffe://prod/ns/shop/sa/web
  policy       rev-7
  rule         orders-read
  limits       orders: within, 4 left
               trial: over, 0 left (shadow)
  to upstream  x-sallyport-decision-id: d-1
               x-sallyport-policy: rev-7
  removed      x-sallyport-rule
  to caller    ratelimit: "orders";r=4;t=1
  decision     d-1
`,
  );
  assert.equal(world.closed, 1);
});

test('a denial is printed with its HTTP status, and exits 1', async () => {
  const world = new FakeWorld();
  world.responses = [denied];
  assert.equal(await world.run('check', '--path', '/orders'), 1);
  assert.match(world.stdout, /^DENY\n {2}reason {5}rate_limited\n {2}status {5}HTTP 429\n/);
  assert.match(world.stdout, /retry-after: 3/);
});

test('--json is one object a check', async () => {
  const world = new FakeWorld();
  world.responses = [allowed, denied];
  assert.equal(await world.run('check', '--path', '/orders', '--json', '--repeat', '2'), 1);
  const outcomes = world.stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { outcome: string }).outcome);
  assert.deepEqual(outcomes, ['allow', 'deny']);
});

test('one denial among repeated checks is the answer no', async () => {
  const world = new FakeWorld();
  world.responses = [allowed, denied, allowed];
  assert.equal(await world.run('check', '--path', '/orders', '--repeat', '3'), 1);
  assert.match(
    world.stdout,
    /^ {3}1 {2}allow.*\n {3}2 {2}deny {3}rate_limited \(HTTP 429\)\n {3}3 {2}allow/,
  );
});

test('what a policy answers cannot steer the terminal', async () => {
  const world = new FakeWorld();
  world.responses = [{ ...denied, deniedResponse: { body: '\u001b[2J\u202e' } }];
  await world.run('check', '--path', '/');
  // oxlint-disable-next-line no-control-regex
  assert.doesNotMatch(world.stdout, /[\u001b\u202e]/);
});

const wrong: readonly (readonly [string, RegExp, ...string[]])[] = [
  ['no path', /--path is missing/],
  [
    'a header without a colon',
    /--header must be NAME:VALUE, not x/,
    '--path',
    '/',
    '--header',
    'x',
  ],
  ['a bad server', /--server must be host:port/, '--path', '/', '--server', 'nowhere'],
  ['a bad count', /--repeat must be a number/, '--path', '/', '--repeat', '0'],
  ['a bad timeout', /--timeout must be a time/, '--path', '/', '--timeout', '2'],
  ['a missing body file', /--body-file: nope cannot be read/, '--path', '/', '--body-file', 'nope'],
  ['an operand', /check takes no "x"/, '--path', '/', 'x'],
  ['half of what TLS needs', /go together/, '--path', '/', '--tls-ca', 'package.json'],
  ['two deciders', /give one of them/, '--path', '/', '-c', 'x', '--server', 'a:1'],
];

for (const [name, message, ...args] of wrong) {
  test(`${name} is a usage error, and nothing is asked`, async () => {
    const world = new FakeWorld();
    assert.equal(await world.run('check', ...args), 2);
    assert.match(world.stderr, message);
    assert.deepEqual(world.asked, []);
  });
}

test('a client that fails is status 2, never an allow', async () => {
  const world = new FakeWorld();
  const context = {
    ...world.context,
    createCheckClient: () =>
      Promise.resolve({ check: () => Promise.reject(new Error('broken')), close: () => undefined }),
  };
  const { run } = await import('../../../../src/cli/run.ts');
  assert.equal(await run(['check', '--path', '/'], context), 2);
});
