import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { startSallyport } from '../e2e/sallyport.ts';
import { KeyServer } from '../setup/key-server.ts';
import { createIssuerKey, signToken, unsigned } from '../setup/token-issuer.ts';
import { until } from '../setup/until.ts';

const issuer = 'https://tokens.shop.example';
const web = 'spiffe://shop.example/ns/shop/sa/web';
const attacker = 'spiffe://shop.example/ns/shop/sa/attacker';
const [firstKey, secondKey] = [createIssuerKey('first'), createIssuerKey('second')];
/** As long as a signature by ES256. */
const noSignature = 'A'.repeat(86);
const keyIntervalMs = 500;

let directory: string;
let keyServer: KeyServer;
let client: CheckClient;
let startedMs: number;
const ended: (() => unknown)[] = [];

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-floods-'));
  keyServer = await new KeyServer().start();
  ended.push(() => keyServer.stop());
  keyServer.publish(firstKey);
});

afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end();
  rmSync(directory, { recursive: true });
});

async function start(maxVerifications: number): Promise<void> {
  const jwks = { url: keyServer.url, minInterval: `${keyIntervalMs}ms`, refresh: '1h' };
  const jwt = [{ issuer, jwks, audiences: ['orders'], algorithms: ['ES256'] }];
  const identity = { trustDomains: ['shop.example'], jwt, maxVerifications };
  startedMs = performance.now();
  const server = await startSallyport({ directory, transport: 'unix', sections: { identity } });
  ended.push(() => server.process.stop());
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  ended.push(() => client.close());
  await until('the issuer’s keys', async () => (await show(web, newToken())) === 'allowed');
}

async function show(principal: string, token: string): Promise<unknown> {
  const headers = { authorization: `Bearer ${token}` };
  const http = { method: 'GET', path: '/orders', headers };
  const request = { attributes: { source: { principal }, request: { http } } };
  const { dynamicMetadata } = await client.check(request, { timeoutMs: 20_000 });
  return dynamicMetadata?.['reason'];
}

function newClaims(): object {
  const now = Math.floor(Date.now() / 1000);
  const jti = crypto.randomUUID();
  return { iss: issuer, sub: 'x', aud: 'orders', iat: now, exp: now + 60, jti };
}

function newToken(key = firstKey): string {
  return signToken(key, newClaims());
}

/** A token that only a look at the keys, or at the signature, tells from a good one. */
function forgery(kid: string): string {
  return `${unsigned({ alg: 'ES256', kid, typ: 'JWT' }, newClaims())}.${noSignature}`;
}

/** How often each reason was the answer to so many tokens of the attacker, 64 at a time. */
async function flood(count: number, forge: () => string): Promise<Map<unknown, number>> {
  const reasons = new Map<unknown, number>();
  let sent = 0;
  const send = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      const reason = await show(attacker, forge());
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 64 }, send));
  return reasons;
}

/** What another peer is answered, a token that is known and a new one in turn, until it is over. */
async function answersDuring(flooding: Promise<unknown>): Promise<Set<unknown>> {
  const known = newToken();
  const over = new AbortController();
  void flooding.finally(() => over.abort());
  const answers = new Set<unknown>();
  while (!over.signal.aborted) {
    answers.add(await show(web, known));
    answers.add(await show(web, newToken()));
    await sleep(50);
  }
  return answers;
}

test('unknown keys without number are one request an interval, and hide no new key', async () => {
  await start(1000);
  const flooding = flood(4000, () => forgery(crypto.randomUUID()));
  const answers = answersDuring(flooding);
  await until('the flood has the keys asked for', () => keyServer.requests === 2);
  keyServer.publish(firstKey, secondKey);
  await until('the new key', async () => (await show(web, newToken(secondKey))) === 'allowed');
  assert.deepEqual(await flooding, new Map([['token_invalid', 4000]]));
  assert.deepEqual(await answers, new Set(['allowed']));
  const intervals = (performance.now() - startedMs) / keyIntervalMs;
  assert.ok(keyServer.requests <= intervals + 1, `${keyServer.requests} in ${intervals} intervals`);
});

test('forgeries of one peer keep to its share, and the new tokens of others are verified', async () => {
  const maxVerifications = 100;
  await start(maxVerifications);
  const flooding = flood(2000, () => forgery('first'));
  assert.deepEqual(await answersDuring(flooding), new Set(['allowed']));
  const reasons = await flooding;
  const seconds = (performance.now() - startedMs) / 1000;
  assert.deepEqual(new Set(reasons.keys()), new Set(['token_invalid', 'overloaded']));
  const verified = reasons.get('token_invalid') ?? 0;
  assert.ok(verified <= maxVerifications * (seconds + 1), `${verified} in ${seconds} s`);
  assert.equal(keyServer.requests, 1, 'a key that is known is not asked for');
});
