import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type TrustBundleListener,
  TrustBundleKeys,
} from '../../../../src/identity/keys/trust-bundle-keys.ts';
import { createIssuerKey, keySetText } from '../../../setup/token-issuer.ts';
import { until } from '../../../setup/until.ts';
import { FakeClock } from '../callers.ts';

const [first, second, foreign] = ['first', 'second', 'foreign'].map((kid) => createIssuerKey(kid));
assert.ok(first && second && foreign);

const keepMs = 60_000;

function open() {
  const clock = new FakeClock();
  const told: (string | undefined)[] = [];
  let listener: TrustBundleListener | undefined;
  let isClosed = false;
  const keys = new TrustBundleKeys({
    settings: { kind: 'trustBundle', socketPath: '/agent.sock', trustDomain: 'prod', keepMs },
    algorithms: ['ES256'],
    clock,
    watch: (_, given) => {
      listener = given;
      return () => {
        isClosed = true;
      };
    },
    onFetched: (fault) => told.push(fault),
  });
  const given = listener;
  assert.ok(given !== undefined);
  const next = async (say: () => void): Promise<string | undefined> => {
    const before = told.length;
    say();
    await until('it is told', () => told.length > before);
    return told.at(-1);
  };
  return {
    keys,
    clock,
    told,
    listener: given,
    isClosed: () => isClosed,
    give: (bundles: Record<string, string>) =>
      next(() => given.onBundles(new Map(Object.entries(bundles)))),
    fail: (fault: string) => next(() => given.onFault(fault)),
    has: (kid: string) => keys.find(`ES256 ${kid}`) !== undefined,
  };
}

test('keys are those of one trust domain, and those that go are gone', async () => {
  const { give, has } = open();
  const partner = keySetText([foreign]);
  assert.equal(await give({ prod: keySetText([first, second]), partner }), undefined);
  assert.deepEqual([has('first'), has('second'), has('foreign')], [true, true, false]);
  await give({ prod: keySetText([second]), partner });
  assert.deepEqual([has('first'), has('second')], [false, true]);
  assert.match((await give({ partner })) ?? '', /no bundle of prod/);
  assert.equal(has('second'), false);
});

test('while the agent is away the last keys hold for a while, and are good again with it', async () => {
  const { give, fail, has, clock } = open();
  const bundles = { prod: keySetText([first]) };
  await give(bundles);
  clock.advance(10 * keepMs);
  assert.ok(has('first'), 'a stream that is open has nothing new to say');
  assert.equal(await fail('away'), 'away');
  clock.advance(keepMs - 1);
  await fail('still away');
  assert.ok(has('first'));
  clock.advance(1);
  assert.equal(has('first'), false);
  await give(bundles);
  clock.advance(10 * keepMs);
  assert.ok(has('first'));
});

test('what is no key set leaves the last keys', async () => {
  const { give, has } = open();
  await give({ prod: keySetText([first]) });
  assert.match((await give({ prod: '<html>' })) ?? '', /no JWK set/);
  assert.ok(has('first'));
});

test('a key for X.509 is none for tokens', async () => {
  const { give, has } = open();
  const bundle = [
    { ...first.jwk, use: 'x509-svid' },
    { ...second.jwk, use: 'jwt-svid' },
  ];
  await give({ prod: JSON.stringify({ keys: bundle }) });
  assert.deepEqual([has('first'), has('second')], [false, true]);
});

test('only the first word is waited for', async () => {
  const { keys, give, fail } = open();
  const waiting = keys.refresh();
  assert.ok(waiting !== undefined);
  await fail('away');
  await waiting;
  assert.equal(keys.refresh(), undefined);
  await give({ prod: keySetText([first]) });
  assert.equal(keys.refresh(), undefined);
});

test('closed, it listens no more and says nothing', async () => {
  const { keys, listener, told, isClosed } = open();
  const waiting = keys.refresh();
  keys.close();
  await waiting;
  assert.ok(isClosed());
  listener.onFault('away');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told, []);
});
