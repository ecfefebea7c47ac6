import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Client, seenBy } from './client.ts';
import { type Road, startRoad, web } from './road.ts';

const bundle = join(import.meta.dirname, '../fixtures/bundles/opa-envoy-primer.tar.gz');

function base64url(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString(
    'base64url',
  );
}

interface Claims {
  readonly role: string;
  readonly nbf?: number;
  readonly exp?: number;
}

function bearer(claims: Claims, secret = 'a secret of the shop'): { authorization: string } {
  const seconds = Math.floor(Date.now() / 1000);
  const times = { nbf: seconds - 60, exp: seconds + 600 };
  const payload = { sub: base64url('ada'), ...times, ...claims };
  const signed = `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url(payload)}`;
  const signature = createHmac('sha256', secret).update(signed).digest('base64url');
  return { authorization: `Bearer ${signed}.${signature}` };
}

describe('a policy as OPA’s primer for Envoy writes them', () => {
  let road: Road;
  let client: Client;

  before(async () => {
    road = await startRoad({ transport: 'unix', bundle });
    client = road.caller(web);
  });

  after(() => road.stop());

  test('a verified token is let through, and the request is edited as the result says', async () => {
    const headers = bearer({ role: 'reader' });
    const answer = await client.send({ path: '/members/7?debug=1&role=root', headers });
    const seen = seenBy(answer);
    assert.equal(seen.headers['x-member'], 'ada');
    assert.equal(seen.headers.authorization, undefined);
    assert.equal(seen.path, '/members/7?role=reader');
    assert.equal(answer.headers['x-role'], 'reader');
  });

  test('a body decides', async () => {
    const headers = { ...bearer({ role: 'editor' }), 'content-type': 'application/json' };
    const post = (name: string) =>
      client.send({ path: '/members', method: 'POST', headers, body: JSON.stringify({ name }) });
    assert.equal(seenBy(await post('Grace')).headers['x-member'], 'ada');
    const refused = await post('Ada');
    assert.deepEqual([refused.status, refused.body], [403, 'editor may not POST here']);
  });

  test('another role is refused in the policy’s own words', async () => {
    const headers = bearer({ role: 'guest' });
    const refused = await client.send({ path: '/members/7', headers });
    assert.deepEqual([refused.status, refused.body], [403, 'guest may not GET here']);
    assert.equal(refused.headers['x-role'], 'guest');
  });

  const seconds = Math.floor(Date.now() / 1000);
  const invalid: readonly [what: string, headers: Record<string, string>][] = [
    ['no token', {}],
    ['no bearer’s', { authorization: 'Basic YWRhOnNlY3JldA==' }],
    ['no token at all', { authorization: 'Bearer nonsense' }],
    ['another signature', bearer({ role: 'editor' }, 'another secret')],
    ['a token that has ended', bearer({ role: 'editor', exp: seconds - 1 })],
    ['a token that is not valid yet', bearer({ role: 'editor', nbf: seconds + 600 })],
  ];
  for (const [what, headers] of invalid) {
    test(`${what} is a 401 with the policy’s headers`, async () => {
      const refused = await client.send({ path: '/members/7', headers });
      assert.deepEqual([refused.status, refused.body], [401, 'no valid token']);
      assert.equal(refused.headers['www-authenticate'], 'Bearer');
    });
  }
});
