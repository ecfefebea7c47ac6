import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject } from '../../src/domain/json.ts';
import { connectionManager, extAuthz, objectAt } from './bootstrap.ts';
import { waitFor } from './child-process.ts';
import { type Answer, type Asked, type Client, createClient, seenBy } from './client.ts';
import { billing, type Road, type RoadOptions, startRoad, web } from './road.ts';

const roads: Readonly<Record<string, Pick<RoadOptions, 'transport' | 'edit'>>> = {
  'over TCP': { transport: 'tcp' },
  'over a unix socket': { transport: 'unix' },
  'with headers and bodies as text': {
    transport: 'unix',
    edit: (bootstrap) => {
      extAuthz(bootstrap)['encode_raw_headers'] = false;
      objectAt(extAuthz(bootstrap), 'with_request_body')['pack_as_bytes'] = false;
    },
  },
};

const limits = [
  // One every two seconds, three of them at once.
  { name: 'slow', match: { paths: ['/orders/slow'] }, by: ['caller'], rate: '3/6s', burst: 3 },
];

const anId = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

for (const [name, options] of Object.entries(roads)) {
  describe(name, () => {
    let road: Road;
    let asWeb: Client;
    let asBilling: Client;

    before(async () => {
      road = await startRoad({ ...options, limits, redis: { commandTimeout: '1s' } });
      asWeb = road.caller(web);
      asBilling = road.caller(billing);
    });

    after(() => road.stop());

    test('the upstream of an allowed request learns who called, by which rule and policy', async () => {
      const { headers } = seenBy(await asWeb.send({ path: '/orders/7?expand=lines' }));
      assert.match(String(headers['x-sallyport-decision-id']), anId);
      assert.equal(headers['x-sallyport-caller'], web);
      assert.equal(headers['x-sallyport-caller-source'], 'peer');
      assert.equal(headers['x-sallyport-rule'], 'orders-read');
      assert.notEqual(headers['x-sallyport-policy'] ?? '', '');
      assert.equal(headers['x-shop-scope'], 'orders:read', 'the policy’s own header');
    });

    test('headers with our prefix that a client sends do not reach the upstream', async () => {
      const forged = {
        'x-sallyport-caller': 'spiffe://shop.example/ns/shop/sa/root',
        'X-Sallyport-Caller-Source': 'jwt',
        'x-sallyport-anything': 'forged',
        x_sallyport_rule: 'forged',
      };
      const { headers } = seenBy(await asWeb.send({ path: '/orders', headers: forged }));
      assert.equal(headers['x-sallyport-caller'], web);
      assert.equal(headers['x-sallyport-caller-source'], 'peer');
      assert.equal(headers['x-sallyport-anything'], undefined);
      assert.equal(headers['x_sallyport_rule'], undefined);
    });

    test('what the policy does not allow is a 403 that says so, and never reaches the upstream', async () => {
      await isRefused({ path: '/admin' }, asWeb, 403, 'policy_denied');
      await isRefused({ path: '/orders' }, asBilling, 403, 'policy_denied');
    });

    test('a caller without a certificate is unauthenticated', async () => {
      await isRefused({ path: '/orders' }, road.caller(undefined), 401, 'unauthenticated');
    });

    test('a caller of a foreign trust domain is unauthenticated', async () => {
      const foreign = road.caller('spiffe://evil.example/ns/shop/sa/web');
      await isRefused({ path: '/orders' }, foreign, 401, 'unauthenticated');
    });

    test('a caller whose certificate is no SPIFFE one is unauthenticated', async (t) => {
      const client = createClient(road.envoy.port('front'), road.identity('DNS:web.shop.example'));
      t.after(() => {
        client.close();
      });
      await isRefused({ path: '/orders' }, client, 401, 'unauthenticated');
    });

    test('a path that can be read in two ways is a 400', async () => {
      await isRefused({ path: '/orders/7;v=1' }, asWeb, 400, 'ambiguous_path');
    });

    test('a policy that reads the body sees all of it, and so does the upstream', async () => {
      const body = JSON.stringify({ amount: 999.5, note: 'ünïcode' });
      const answer = await asBilling.send(invoice(body));
      assert.equal(seenBy(answer).body, body);
      assert.equal(seenBy(answer).headers['x-sallyport-rule'], 'invoices-write');
    });

    test('a policy may answer a caller whom it refuses in its own words', async () => {
      const answer = await asBilling.send(invoice('{"amount": 1000.01}'));
      assert.equal(answer.status, 403);
      assert.equal(answer.headers['x-sallyport-reason'], 'policy_denied');
      assert.match(answer.body, /needs an approval/);
    });

    test('a body that Envoy cut is not judged as if it were whole', async () => {
      const body = `{"amount": 1, "note": "${'x'.repeat(100_000)}"}`;
      await isRefused(invoice(body), asBilling, 403, 'policy_denied');
    });

    test('a body that is no JSON is a 400', async () => {
      await isRefused(invoice('{"amount": 1'), asBilling, 400, 'bad_request');
    });

    test('repeated headers are in the record as one, joined', async () => {
      const headers = { 'x-tenant': ['a', 'b'] };
      const id = idOf(await asWeb.send({ path: '/orders', headers }));
      const seen = at(await recordOf(id), 'input', 'attributes', 'request', 'http', 'headers');
      assert.equal(seen['x-tenant'], 'a,b');
    });

    test('over the limit is a 429, and whoever waits as long as it says is let through', async () => {
      const path = '/orders/slow';
      for (let sent = 0; sent < 3; sent += 1) {
        const { headers } = await asWeb.send({ path });
        assert.match(String(headers['ratelimit']), new RegExp(`^"slow";r=${2 - sent};t=\\d+$`));
        assert.equal(headers['ratelimit-policy'], '"slow";q=3;w=6');
      }
      const refused = await isRefused({ path }, asWeb, 429, 'rate_limited');
      assert.match(String(refused.headers['ratelimit']), /^"slow";r=0;t=\d+$/);
      const seconds = Number(refused.headers['retry-after']);
      assert.ok(seconds >= 1 && seconds <= 2, `retry-after: ${seconds}`);
      await sleep(seconds * 1000);
      seenBy(await asWeb.send({ path }));
    });

    test('one id names a decision for the upstream, the record and the access log', async () => {
      const id = idOf(await asWeb.send({ path: '/orders/one-id' }));
      const record = await recordOf(id);
      assert.equal(record['reason'], 'allowed');
      assert.equal(record['rule'], 'orders-read');
      const logged = await accessLogOf(id);
      assert.equal(logged['caller'], web);
      assert.equal(logged['reason'], 'allowed');
      assert.equal(logged['status'], 200);
    });

    test('credentials are not in the record', async () => {
      const headers = { authorization: 'Bearer s3cret', cookie: 'session=s3cret' };
      const id = idOf(await asWeb.send({ path: '/orders', headers }));
      assert.doesNotMatch(JSON.stringify(await recordOf(id)), /s3cret|czNjcmV0/);
    });

    async function isRefused(
      asked: Asked,
      client: Client,
      status: number,
      reason: string,
    ): Promise<Answer> {
      const reached = road.upstream.requests();
      const answer = await client.send(asked);
      assert.equal(answer.headers['x-sallyport-reason'], reason, answer.body);
      assert.equal(answer.status, status);
      assert.equal(road.upstream.requests(), reached, 'the upstream was not called');
      const problem = JSON.parse(answer.body) as JsonObject;
      assert.equal(answer.headers['content-type'], 'application/problem+json');
      assert.equal(problem['status'], status);
      assert.equal(problem['decision_id'], answer.headers['x-sallyport-decision-id']);
      return answer;
    }

    function recordOf(id: string): Promise<JsonObject> {
      const find = () => road.sallyport.records().find((record) => record['decision_id'] === id);
      return waitFor(`the record of ${id}`, find);
    }

    function accessLogOf(id: string): Promise<JsonObject> {
      const find = () =>
        road.envoy.process
          .stdout()
          .split('\n')
          .find((line) => line.includes(id));
      const read = (): JsonObject | undefined => {
        const line = find();
        return line === undefined ? undefined : (JSON.parse(line) as JsonObject);
      };
      return waitFor(`the access log of ${id}`, read);
    }
  });
}

const ambiguousPaths = [
  '/orders/../admin',
  '/orders/./7',
  '//orders',
  '/orders/%2e%2e/admin',
  '/orders%2f7',
  '/orders%5C7',
  '/orders\\7',
  '/orders/%00',
  '/orders/%zz',
  '/orders/..;/admin',
];

test('without Envoy’s own normalisation, Sallyport refuses what it would have settled', async (t) => {
  const road = await startRoad({
    transport: 'unix',
    edit: (bootstrap) => {
      const manager = connectionManager(bootstrap);
      manager['normalize_path'] = false;
      manager['merge_slashes'] = false;
      manager['path_with_escaped_slashes_action'] = 'KEEP_UNCHANGED';
    },
  });
  t.after(() => road.stop());
  const client = road.caller(web);
  for (const path of ambiguousPaths) {
    const { status, headers } = await client.send({ path });
    assert.deepEqual([path, status, headers['x-sallyport-reason']], [path, 400, 'ambiguous_path']);
  }
  assert.equal(road.upstream.requests(), 0);
});

function invoice(body: string): Asked {
  return {
    path: '/invoices',
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  };
}

function idOf(answer: Answer): string {
  return String(seenBy(answer).headers['x-sallyport-decision-id']);
}

function at(record: JsonObject, ...path: readonly string[]): JsonObject {
  return path.reduce((value, key) => {
    const next = value[key];
    assert.ok(isJsonObject(next), `nothing at ${key}`);
    return next;
  }, record);
}
