import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpAttributes } from '../../../src/domain/request/attributes.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import { createRequestReader } from '../../../src/envoy/request-view.ts';
import { type Asked, documentOf, engineOf, judge, questionOf } from './access-fixture.ts';
import { verdictAtOnce } from '../policy/at-once.ts';

const web = 'spiffe://prod/ns/shop/sa/web';
const batch = 'spiffe://prod/ns/batch/sa/reports';

/** A document with one service, `orders`, and these rules. */
function rules(allow: string, deny = ''): string {
  return `version: 1
services:
  - name: orders
    hosts: [orders.shop]
    allow:
${allow}
    deny:
${deny}
`.replace(/ {4}deny:\n\n$/, '');
}

type Cases = readonly (readonly [asked: Asked, answer: string])[];

async function assertDecisions(yaml: string, cases: Cases): Promise<void> {
  const engine = await engineOf(documentOf(yaml));
  for (const [asked, answer] of cases) {
    assert.equal(judge(engine, asked), answer, JSON.stringify(asked));
  }
}

test('a rule allows its callers, methods and paths, and no others', async () => {
  const yaml = rules(
    `      - { name: reads, from: [${web}], methods: [GET], paths: [/orders, "/orders/{id}"] }
      - { name: all-of-batch, from: ["spiffe://prod/ns/batch/*"], paths: ["/reports/**"] }
      - { name: health, from: ["*"], methods: [GET], paths: [/health] }`,
  );
  await assertDecisions(yaml, [
    [{ from: web, path: '/orders' }, 'allow reads'],
    [{ from: web, path: '/orders/7' }, 'allow reads'],
    [{ from: web, path: '/orders/7', method: 'HEAD' }, 'allow reads'],
    [{ from: web, path: '/orders/' }, 'no_rule'],
    [{ from: web, path: '/orders/7/8' }, 'no_rule'],
    [{ from: web, path: '/Orders' }, 'no_rule'],
    [{ from: web, path: '/' }, 'no_rule'],
    [{ from: web, path: '/orders', method: 'POST' }, 'no_rule'],
    [{ from: web, path: '/orders', method: 'get' }, 'no_rule'],
    [{ from: web, path: '/orders', host: 'other.shop' }, 'no_rule'],
    [{ from: `${web}2`, path: '/orders' }, 'no_rule'],
    [{ from: 'spiffe://dev/ns/shop/sa/web', path: '/orders' }, 'no_rule'],
    [{ path: '/orders' }, 'no_rule'],
    [{ from: batch, path: '/reports' }, 'allow all-of-batch'],
    [{ from: batch, path: '/reports/a/b', method: 'DELETE' }, 'allow all-of-batch'],
    [{ from: 'spiffe://prod/ns/batch', path: '/reports' }, 'no_rule'],
    [{ from: 'spiffe://prod/ns/batch2/sa/x', path: '/reports' }, 'no_rule'],
    [{ from: 'subject@example', path: '/health' }, 'allow health'],
    [{ path: '/health' }, 'no_rule'],
  ]);
});

test('the first rule in the document answers, and brings its limits', async () => {
  const engine = await engineOf(
    documentOf(
      rules(
        `      - { name: narrow, from: [${web}], paths: ["/orders/{id}"], limits: [a, b] }
      - { name: wide, from: ["*"], paths: ["/**"], limits: [c] }`,
      ),
    ),
  );
  const limitsAt = (path: string) => verdictAtOnce(engine, questionOf({ from: web, path })).limits;
  assert.deepEqual(limitsAt('/orders/7'), [{ name: 'a' }, { name: 'b' }]);
  assert.deepEqual(limitsAt('/other'), [{ name: 'c' }]);
});

test('deny wins, and denies what is nearly the same path', async () => {
  const yaml = rules(
    `      - { name: all, from: ["*"] }`,
    `      - { name: no-admin, paths: [/admin], unless: { from: [${web}] } }
      - { name: no-debug, headers: { x-debug: ["1", "2"] } }
      - { name: no-grpc, grpc: [shop.Orders/Drop] }
      - { name: no-office, when: { sourceIps: [10.0.0.0/8, "fe80::/10"] } }`,
  );
  const sourceIp = '11.1.2.3';
  await assertDecisions(yaml, [
    [{ from: batch, path: '/a', sourceIp }, 'allow all'],
    [{ from: batch, path: '/admin', sourceIp }, 'policy_denied no-admin'],
    [{ from: batch, path: '/admin/', sourceIp }, 'policy_denied no-admin'],
    [{ from: batch, path: '/admin/x', sourceIp }, 'allow all'],
    [{ from: web, path: '/admin', sourceIp }, 'allow all'],
    [{ from: batch, headers: { 'x-debug': '0' }, sourceIp }, 'allow all'],
    [{ from: batch, headers: { 'x-debug': '0,2' }, sourceIp }, 'policy_denied no-debug'],
    [{ from: batch, path: '/shop.Orders/Drop', sourceIp }, 'policy_denied no-grpc'],
    [{ from: batch, sourceIp: '10.1.2.3' }, 'policy_denied no-office'],
    [{ from: batch, sourceIp: '::ffff:10.1.2.3' }, 'policy_denied no-office'],
    [{ from: batch, sourceIp: 'fe80::1%eth0' }, 'policy_denied no-office'],
    [{ from: batch, sourceIp }, 'allow all'],
  ]);
});

test('a rule on the header host is about what Envoy sends as :authority', async () => {
  const yaml = rules(
    `      - { name: all, from: ["*"], headers: { host: [a, b] } }`,
    `      - { name: not-b, headers: { Host: b } }`,
  );
  await assertDecisions(yaml, [
    [{ from: web, headers: { ':authority': 'a' } }, 'allow all'],
    [{ from: web, headers: { ':authority': 'b' } }, 'policy_denied not-b'],
    [{ from: web, headers: { ':authority': 'c' } }, 'no_rule'],
  ]);
});

test('tunnels, gRPC and connections are only for rules that ask for them', async () => {
  const yaml = rules(
    `      - { name: tunnels, from: [${batch}], methods: [CONNECT] }
      - { name: everything, from: [${batch}] }
      - { name: ledger, from: [${web}], grpc: [shop.Orders/Get, shop.Ledger/*] }
      - { name: events, from: [${web}], tcp: { ports: [5672] } }`,
  ).replace('hosts: [orders.shop]', 'principals: [spiffe://prod/ns/shop/sa/orders]');
  const destination = 'spiffe://prod/ns/shop/sa/orders';
  const grpc = (path: string, contentType: string, method = 'POST'): Asked => ({
    from: web,
    path,
    method,
    destination,
    headers: { 'content-type': contentType },
  });
  await assertDecisions(yaml, [
    [{ from: batch, destination, kind: 'connect', method: 'CONNECT', path: '' }, 'allow tunnels'],
    [{ from: web, destination, kind: 'connect', method: 'CONNECT', path: '' }, 'no_rule'],
    [{ from: batch, destination, method: 'CONNECT', path: '/chat' }, 'allow tunnels'],
    [{ from: batch, destination, method: 'PUT', path: '/chat' }, 'allow everything'],
    [{ from: batch, destination, method: 'OPTIONS', path: '*' }, 'no_rule'],
    [grpc('/shop.Orders/Get', 'application/grpc'), 'allow ledger'],
    [grpc('/shop.Orders/Get', 'application/grpc+proto'), 'allow ledger'],
    [grpc('/shop.Ledger/Any', 'application/grpc;x=y'), 'allow ledger'],
    [grpc('/shop.Orders/Get', 'application/grpc-web'), 'no_rule'],
    [grpc('/shop.Orders/Get', 'application/json'), 'no_rule'],
    [grpc('/shop.Orders/Get', 'application/grpc', 'GET'), 'no_rule'],
    [grpc('/shop.Orders/Get/x', 'application/grpc'), 'no_rule'],
    [grpc('/shop.Orders/Put', 'application/grpc'), 'no_rule'],
    [{ from: web, destination, path: '/shop.Orders/Get', method: 'POST' }, 'no_rule'],
    [{ from: web, destination, kind: 'network', port: 5672 }, 'allow events'],
    [{ from: web, destination, kind: 'network', port: 5673 }, 'no_rule'],
    [{ from: batch, destination, kind: 'network', port: 5672 }, 'no_rule'],
  ]);
});

test('a connection is for the service of its workload, whatever hosts that has', async () => {
  const orders = 'spiffe://prod/ns/shop/sa/orders';
  const known = `principals: [${orders}], allow: [{ name: http, from: ["*"], paths: [/] }`;
  const tcp = `, { name: tcp, from: [${web}], tcp: { ports: [5672] } }]`;
  const yaml = `version: 1
services:
  - { name: a, hosts: [a.shop], ${known}] }
  - { name: b, hosts: [b.shop], ${known}${tcp} }
`;
  const connection: Asked = { from: web, destination: orders, kind: 'network', port: 5672 };
  await assertDecisions(yaml, [
    [connection, 'allow tcp'],
    [{ ...connection, port: 5673 }, 'no_rule'],
    [{ ...connection, destination: web }, 'no_rule'],
    [{ from: web, destination: orders, host: 'a.shop' }, 'allow http'],
    [{ from: web, destination: orders, host: 'c.shop' }, 'no_rule'],
  ]);
});

test('headers, ports and networks must all hold', async () => {
  const yaml = rules(
    `      - name: rule
        from: ["*"]
        headers: { X-Tenant: "*", x-kind: [a, b] }
        when: { sourceIps: [10.0.0.0/8], ports: [80] }`,
  );
  const good = {
    from: web,
    headers: { 'x-tenant': 't', 'x-kind': 'a, b' },
    sourceIp: '10.9.9.9',
    port: 80,
  };
  const bad: readonly Asked[] = [
    { headers: { 'x-kind': 'a' } },
    { headers: { 'x-tenant': '', 'x-kind': 'a' } },
    { headers: { 'x-tenant': 't', 'x-kind': 'a,c' } },
    { headers: { 'x-tenant': 't', 'x-kind': 'A' } },
    { headers: { 'x-tenant': 't' } },
    { sourceIp: '11.0.0.1' },
    { sourceIp: '' },
    { port: 81 },
  ];
  await assertDecisions(yaml, [
    [good, 'allow rule'],
    ...bad.map((change): Cases[number] => [{ ...good, ...change }, 'no_rule']),
  ]);
});

test('scopes are needed all, and of each claim one of its values', async () => {
  const yaml = rules(
    `      - { name: rule, from: ["*"], scopes: [read, write], when: { claims: { amr: [mfa], level: [3], admin: true } } }`,
  );
  const claims = { amr: ['pwd', 'mfa'], level: 3, admin: true };
  const token = { scopes: ['write', 'read'], claims };
  const bad: readonly Asked['token'][] = [
    { ...token, scopes: ['read'] },
    { ...token, scopes: ['read write'] },
    { ...token, claims: { ...claims, amr: ['pwd'] } },
    { ...token, claims: { ...claims, amr: 'pwd mfa' } },
    { ...token, claims: { ...claims, level: '3' } },
    { ...token, claims: { ...claims, admin: false } },
    { claims },
    { scopes: token.scopes },
  ];
  await assertDecisions(yaml, [
    [{ from: web, token }, 'allow rule'],
    [{ from: web, token: { ...token, claims: { ...claims, amr: 'mfa' } } }, 'allow rule'],
    [{ from: web }, 'no_rule'],
    ...bad.map((one): Cases[number] => [{ from: web, ...(one && { token: one }) }, 'no_rule']),
  ]);
});

test('what is left out of a rule is left out by any of its parts, also when nobody knows', async () => {
  const yaml = rules(
    `      - name: rule
        from: ["spiffe://prod/*"]
        unless:
          from: ["spiffe://prod/ns/batch/*"]
          methods: [DELETE]
          paths: ["/admin/**"]
          headers: { x-debug: [on] }
          sourceIps: [10.6.0.0/16]`,
  );
  const good = { from: web, sourceIp: '10.0.0.1', path: '/orders' };
  await assertDecisions(yaml, [
    [good, 'allow rule'],
    [{ ...good, from: batch }, 'no_rule'],
    [{ ...good, method: 'DELETE' }, 'no_rule'],
    [{ ...good, path: '/admin' }, 'no_rule'],
    [{ ...good, path: '/admin/x/y' }, 'no_rule'],
    [{ ...good, headers: { 'x-debug': 'off,on' } }, 'no_rule'],
    [{ ...good, sourceIp: '10.6.1.1' }, 'no_rule'],
    [{ ...good, sourceIp: '' }, 'no_rule'],
  ]);
});

test('a rule ends when its time has come', async () => {
  const yaml = rules(
    `      - { name: over, from: ["*"], paths: [/a], when: { notAfter: 2020-01-01T00:00:00Z } }
      - { name: lasts, from: ["*"], paths: [/a], when: { notBefore: 2020-01-01T00:00:00Z } }
      - { name: to-come, from: ["*"], paths: [/b], when: { notBefore: 2999-01-01T00:00:00Z } }`,
  );
  await assertDecisions(yaml, [
    [{ from: web, path: '/a' }, 'allow lasts'],
    [{ from: web, path: '/b' }, 'no_rule'],
  ]);
});

function service(name: string, marks: string): string {
  return `  - { name: ${name}, ${marks}, allow: [{ name: ${name}, from: ["*"] }] }`;
}

test('the route says what is called before the certificate, and that before the host', async () => {
  const yaml = [
    'version: 1\nservices:',
    service('host', 'hosts: [orders.shop]'),
    service('namespace', 'principals: ["spiffe://prod/ns/shop/*"]'),
    service('workload', 'principals: [spiffe://prod/ns/shop/sa/orders]'),
    service('both', 'principals: [spiffe://prod/ns/shop/sa/orders], hosts: [both.shop]'),
    service('route', 'contextExtensions: { service: orders }'),
    service('route-and-host', 'contextExtensions: { service: orders }, hosts: [both.shop]'),
  ].join('\n');
  const extensions = { service: 'orders', other: 'x' };
  const destination = 'spiffe://prod/ns/shop/sa/orders';
  await assertDecisions(yaml, [
    [{ from: web }, 'allow host'],
    [{ from: web, destination: 'spiffe://prod/ns/shop/sa/billing' }, 'allow namespace'],
    [{ from: web, destination: 'prod/ns/shop/sa/orders' }, 'allow workload'],
    [{ from: web, destination, host: 'both.shop' }, 'allow both'],
    [{ from: web, host: 'both.shop' }, 'no_rule'],
    [{ from: web, destination, extensions }, 'allow route'],
    [{ from: web, destination, extensions, host: 'both.shop' }, 'allow route-and-host'],
    [{ from: web, extensions: { service: 'other' }, host: 'x' }, 'no_rule'],
  ]);
});

test('names that objects inherit are names like any other', async () => {
  const yaml = rules(
    `      - { name: rule, from: ["*"], paths: [/__proto__, "/constructor/{id}"], headers: { __proto__: "*" } }`,
  );
  await assertDecisions(yaml, [
    [{ from: web, path: '/__proto__' }, 'no_rule'],
    [{ from: web, path: '/__proto__', headers: { ['__proto__']: 'x' } }, 'allow rule'],
    [{ from: web, path: '/constructor', headers: { ['__proto__']: 'x' } }, 'no_rule'],
    [{ from: web, path: '/constructor/x', headers: { ['__proto__']: 'x' } }, 'allow rule'],
    [{ from: web, path: '/toString', headers: { ['__proto__']: 'x' } }, 'no_rule'],
  ]);
});

async function fuelWith(count: number): Promise<number> {
  const lines = Array.from(
    { length: count },
    (_, at) =>
      `      - { name: r${at}, from: [${web}${at % 100}], methods: [GET], paths: ["/c${Math.floor(at / 100)}/{id}"] }`,
  );
  const engine = await engineOf(documentOf(rules(lines.join('\n'))));
  const verdict = verdictAtOnce(engine, questionOf({ from: `${web}3`, path: '/c0/7' }));
  assert.equal(verdict.rule, 'r3');
  return verdict.fuel ?? Infinity;
}

test('a decision takes the same with ten rules as with ten thousand', async () => {
  const [few, many] = [await fuelWith(10), await fuelWith(10_000)];
  assert.ok(many <= 1.2 * few, `${few} units of fuel with 10 rules, ${many} with 10,000`);
});

test('a deny rule about an address, a port or a host denies where that is not known', async () => {
  const yaml = rules(
    `      - { name: all, from: ["*"] }`,
    `      - { name: outside, when: { sourceIps: [0.0.0.0/0] }, paths: [/internal] }
      - { name: debug-port, when: { ports: [9000] }, paths: [/debug] }
      - { name: both, when: { sourceIps: [192.0.2.0/24], ports: [80] }, paths: [/both] }`,
  );
  await assertDecisions(yaml, [
    [{ from: web, path: '/internal' }, 'policy_denied outside'],
    [{ from: web, path: '/internal', sourceIp: '@internal' }, 'policy_denied outside'],
    [{ from: web, path: '/internal', sourceIp: '10.0.0.1' }, 'policy_denied outside'],
    [{ from: web, path: '/internal', sourceIp: 'fd00::1' }, 'allow all'],
    [{ from: web, path: '/debug' }, 'policy_denied debug-port'],
    [{ from: web, path: '/debug', port: 8080 }, 'allow all'],
    [{ from: web, path: '/both', port: 80 }, 'policy_denied both'],
    [{ from: web, path: '/both', port: 81 }, 'allow all'],
    [{ from: web, path: '/both', sourceIp: '192.0.2.7' }, 'policy_denied both'],
    [{ from: web, path: '/both', sourceIp: '10.0.0.1' }, 'allow all'],
  ]);
});

function rawHeaders(...fields: readonly [key: string, value: string][]): HttpAttributes {
  return { headerMap: { headers: fields.map(([key, value]) => ({ key, value })) } };
}

test('header rules read what everybody reads, in whichever form and case it is sent', async () => {
  const rule = `{ name: r, from: ["*"], headers: { x-tenant: [a] }, unless: { headers: { x-debug: "*" } } }`;
  const engine = await engineOf(documentOf(rules(`      - ${rule}`)));
  const { caller } = questionOf({ from: web });
  const reader = createRequestReader({ relaxedPaths: [] });
  const answer = (sent: HttpAttributes): string => {
    const http = { method: 'GET', path: '/', host: 'orders.shop', ...sent };
    const request = reader.read({ request: { http } });
    if (request instanceof Denial) return request.reason;
    return verdictAtOnce(engine, { request, caller }).decision.reason;
  };
  const cases: readonly (readonly [sent: HttpAttributes, reason: string])[] = [
    [{ headers: { 'X-Tenant': 'a' } }, 'allowed'],
    [{ headers: { 'X-Tenant': 'a', 'x-tenant': 'b' } }, 'no_rule'],
    [{ headers: { 'x-tenant': 'a', 'X-Debug': '1' } }, 'no_rule'],
    [rawHeaders(['X-Tenant', 'a']), 'allowed'],
    [rawHeaders(['X-Tenant', 'a'], ['x-tenant', 'b']), 'no_rule'],
    [{ headers: { 'x-tenant': 'a' }, ...rawHeaders(['X-Tenant', 'a']) }, 'allowed'],
    [{ headers: { 'x-tenant': 'a' }, ...rawHeaders(['x-tenant', 'b']) }, 'bad_request'],
    [
      { headers: { 'x-tenant': 'a' }, ...rawHeaders(['x-tenant', 'a'], ['x-debug', '1']) },
      'bad_request',
    ],
  ];
  for (const [sent, reason] of cases) assert.equal(answer(sent), reason, JSON.stringify(sent));
});
