import assert from 'node:assert/strict';
import { after, afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchKeys } from '../../../../src/identity/keys/fetch-keys.ts';
import { ServedKeys, type ServedKeysOptions } from '../../../../src/identity/keys/served-keys.ts';
import type { KeyServerSettings } from '../../../../src/domain/identity/token-settings.ts';
import { systemClock } from '../../../../src/domain/clock.ts';
import { KeyServer } from '../../../setup/key-server.ts';
import { switchProtocols } from '../../../setup/switch-protocols.ts';
import { createIssuerKey } from '../../../setup/token-issuer.ts';
import { until } from '../../../setup/until.ts';
import { FakeClock } from '../callers.ts';

const server = new KeyServer();
const opened: ServedKeys[] = [];
const [first, second] = [createIssuerKey('first'), createIssuerKey('second')];

beforeEach(async () => {
  await server.stop();
  await server.start();
  server.requests = 0;
  server.publish(first);
});

afterEach(() => {
  for (const keys of opened.splice(0)) keys.close();
});

after(() => server.stop());

function open(times: Partial<KeyServerSettings> = {}, options: Partial<ServedKeysOptions> = {}) {
  const faults: (string | undefined)[] = [];
  const keys = new ServedKeys({
    settings: {
      kind: 'server',
      url: server.url,
      refreshMs: 60_000,
      minIntervalMs: 20,
      keepMs: 60_000,
      ...times,
    },
    algorithms: ['ES256'],
    clock: systemClock,
    fetch: fetchKeys,
    onFetched: (fault) => faults.push(fault),
    ...options,
  });
  opened.push(keys);
  return { keys, faults };
}

const has = (keys: ServedKeys, kid: string) => keys.find(`ES256 ${kid}`) !== undefined;

test('a server that switches protocols has not answered', { timeout: 10_000 }, async () => {
  server.respond = switchProtocols;
  await assert.rejects(
    fetchKeys({
      kind: 'server',
      url: server.url,
      refreshMs: 1,
      minIntervalMs: 1,
      keepMs: 1,
    }),
    /gave no answer/,
  );
});

test('keys are asked for at once, and again ahead of time', async () => {
  const { keys } = open({ refreshMs: 50 });
  await until('the first key', () => has(keys, 'first'));
  server.publish(second);
  await until('the second key', () => has(keys, 'second'));
  assert.ok(!has(keys, 'first'), 'a key that is gone is not believed');
});

test('a server that is down at the start is asked again until it is up', async () => {
  await server.stop();
  const { keys, faults } = open();
  await until('two faults', () => faults.length >= 2);
  assert.ok(!has(keys, 'first'));
  await server.start();
  await until('the first key', () => has(keys, 'first'));
});

test('the last good keys hold through an outage, and not for ever', async () => {
  const clock = new FakeClock();
  const { keys, faults } = open({ keepMs: 3_600_000, minIntervalMs: 1000 }, { clock });
  await until('the first key', () => has(keys, 'first'));
  await server.stop();
  clock.advance(3_599_999);
  await keys.refresh(Infinity);
  assert.match(String(faults.at(-1)), /ECONNREFUSED/);
  assert.ok(has(keys, 'first'));
  clock.advance(1);
  assert.ok(!has(keys, 'first'));
});

const misbehaviours: readonly (readonly [what: string, set: () => void, fault: RegExp])[] = [
  [
    'garbage',
    () => {
      server.serve('<html>');
    },
    /is no JWK set/,
  ],
  [
    'an error',
    () => {
      server.respond = (_, response) => response.writeHead(500).end();
    },
    /answered 500/,
  ],
  [
    'a redirect to good keys',
    () => {
      server.respond = ({ url }, response) => {
        if (url === '/jwks') response.writeHead(302, { location: '/other' }).end();
        else response.end(JSON.stringify({ keys: [second.jwk] }));
      };
    },
    /answered 302/,
  ],
  [
    'too much',
    () => {
      server.serve(`{"keys":[],"pad":"${'x'.repeat(600_000)}"}`);
    },
    /larger than/,
  ],
  [
    'without an end',
    () => {
      server.respond = (_, response) => {
        response.write('{"keys":[');
      };
    },
    /longer than 200 ms/,
  ],
  [
    'nothing',
    () => {
      server.respond = () => {};
    },
    /longer than 200 ms/,
  ],
  [
    'and hangs up',
    () => {
      server.respond = ({ socket }) => socket.destroy();
    },
    /socket hang up/,
  ],
];

for (const [what, misbehave, fault] of misbehaviours) {
  test(`a server that answers ${what} leaves the last good keys`, async () => {
    const { keys, faults } = open({}, { fetch: (settings) => fetchKeys(settings, 200) });
    await until('the first key', () => has(keys, 'first'));
    misbehave();
    await sleep(25);
    await keys.refresh(Infinity);
    assert.match(String(faults.at(-1)), fault);
    assert.ok(has(keys, 'first'));
    assert.ok(!has(keys, 'second'));
  });
}

test('an issuer that takes all its keys back is obeyed', async () => {
  const { keys, faults } = open();
  await until('the first key', () => has(keys, 'first'));
  server.publish();
  await sleep(25);
  await keys.refresh(Infinity);
  assert.match(String(faults.at(-1)), /has no key/);
  assert.ok(!has(keys, 'first'));
});

test('ten thousand tokens with unknown keys are one request in an interval', async () => {
  const clock = new FakeClock();
  const { keys } = open({ minIntervalMs: 10_000 }, { clock });
  await until('the first key', () => has(keys, 'first'));
  assert.equal(server.requests, 1);
  const deadlineMs = clock.monotonicMs() + 150;
  for (let index = 0; index < 10_000; index += 1) {
    assert.equal(keys.refresh(deadlineMs), undefined, 'too soon');
  }
  clock.advance(10_000);
  const asked = Array.from({ length: 10_000 }, () => keys.refresh(Infinity));
  assert.equal(new Set(asked).size, 1, 'all wait for the same answer');
  await asked[0];
  assert.equal(server.requests, 2);
});

test('a key that is asked for too soon is asked for as soon as it may be, whoever waits', async () => {
  const { keys } = open({ minIntervalMs: 200 });
  await until('the first key', () => has(keys, 'first'));
  server.publish(second);
  assert.equal(keys.refresh(systemClock.monotonicMs()), undefined);
  await until('the second key', () => has(keys, 'second'));
  assert.equal(server.requests, 2);
});

test('who has the time waits for the next request, who comes while it is under way for its answer', async () => {
  const { keys } = open({ minIntervalMs: 200 });
  await until('the first key', () => has(keys, 'first'));
  server.publish(second);
  await keys.refresh(Infinity);
  assert.ok(has(keys, 'second'));
  assert.equal(server.requests, 2);
});

test('nobody waits for keys that are closed', async () => {
  const { keys } = open({ minIntervalMs: 60_000 });
  await until('the first key', () => has(keys, 'first'));
  const waiting = keys.refresh(Infinity);
  keys.close();
  await waiting;
  assert.equal(server.requests, 1);
});

test('keys that are closed are asked for no more', async () => {
  const { keys } = open({ refreshMs: 20 });
  await until('the first key', () => has(keys, 'first'));
  keys.close();
  const asked = server.requests;
  await sleep(100);
  assert.ok(server.requests <= asked + 1);
  assert.equal(keys.refresh(Infinity), undefined);
});
