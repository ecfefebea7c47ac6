import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import { type KeySet, readKeySet } from '../../../../src/identity/keys/key-set.ts';
import type { KeySource } from '../../../../src/identity/keys/key-source.ts';
import { createIssuerKey, keySetText, signToken } from '../../../setup/token-issuer.ts';
import {
  bearing,
  type Callers,
  callersWith,
  claimsWith,
  FakeClock,
  fixedSource,
  issuerKey,
  issuerSettings,
  outcome,
  web,
} from '../callers.ts';

const other = createIssuerKey('key-2');
const admin = 'spiffe://prod/ns/shop/sa/admin';

/** Keys that the test changes under the verifier, and how often newer ones were asked for. */
class ChangingKeys implements KeySource {
  keys: KeySet = new Map();
  refreshes = 0;
  refresh: KeySource['refresh'] = () => {
    this.refreshes += 1;
    return undefined;
  };

  find(name: string) {
    return this.keys.get(name);
  }

  async publish(...keys: readonly (typeof issuerKey)[]): Promise<void> {
    this.keys = await readKeySet(keySetText(keys), issuerSettings.algorithms, this.keys);
  }
}

/** What came of each token, in turn. */
function judgements() {
  const results: string[] = [];
  return { results, onJudged: (_issuer: string, result: string) => results.push(result) };
}

test('a token is verified once, and then remembered until it expires', async () => {
  const clock = new FakeClock();
  const { results, onJudged } = judgements();
  const callers = callersWith({ clock, onJudged });
  const token = signToken(issuerKey, claimsWith());
  await callers.resolve(bearing(token));
  assert.equal(outcome(await callers.resolve(bearing(token))), 'orders-client');
  clock.advance(89_999);
  assert.equal(outcome(await callers.resolve(bearing(token))), 'orders-client');
  clock.advance(1);
  assert.equal(outcome(await callers.resolve(bearing(token))), 'token_expired');
  assert.deepEqual(results, ['verified', 'remembered', 'remembered', 'token_expired']);
});

test('a token that comes many times at once is verified once', async () => {
  const callers = callersWith({ budget: { perSecond: 1, concurrent: 1 } });
  const request = bearing(signToken(issuerKey, claimsWith()));
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => callers.resolve(request)),
  );
  assert.ok(answers.every((answer) => outcome(answer) === 'orders-client'));
});

test('a remembered token is good no longer than its issuer has the key', async () => {
  const source = new ChangingKeys();
  await source.publish(issuerKey, other);
  const callers = callersWith({ issuers: [{ source }] });
  const token = signToken(issuerKey, claimsWith());
  await callers.resolve(bearing(token));
  await source.publish(issuerKey);
  assert.ok(!(callers.resolve(bearing(token)) instanceof Promise), 'a key that stays is the same');
  await source.publish(other);
  assert.equal(outcome(await callers.resolve(bearing(token))), 'token_invalid');
  await source.publish(createIssuerKey('key-1'));
  assert.equal(outcome(await callers.resolve(bearing(token))), 'token_invalid', 'another key');
});

test('a forgery that was found out is not verified again, until the key is another', async () => {
  const source = new ChangingKeys();
  await source.publish(issuerKey);
  const callers = callersWith({ issuers: [{ source }] });
  const rotated = createIssuerKey('key-1');
  const forged = signToken(rotated, claimsWith());
  assert.ok(callers.resolve(bearing(forged)) instanceof Promise);
  await callers.resolve(bearing(forged));
  const again = callers.resolve(bearing(forged));
  assert.ok(again instanceof Denial, 'at once');
  await source.publish(rotated);
  assert.equal(outcome(await callers.resolve(bearing(forged))), 'orders-client');
});

test('forgeries do not push a good token out', async () => {
  const callers = callersWith();
  const token = signToken(issuerKey, claimsWith());
  await callers.resolve(bearing(token));
  const stranger = createIssuerKey('key-1');
  for (let index = 0; index < 1_500; index += 1) {
    await callers.resolve(bearing(signToken(stranger, claimsWith({ jti: index }))));
  }
  assert.ok(!(callers.resolve(bearing(token)) instanceof Promise));
});

test('what is wrong without a look at the signature costs no verification', async () => {
  const callers = callersWith({ budget: { perSecond: 0, concurrent: 0 } });
  const cheap = [
    signToken(issuerKey, claimsWith({ aud: 'other' })),
    signToken(issuerKey, claimsWith({ exp: 1 })),
    signToken(issuerKey, claimsWith(), { kid: 'unknown' }),
    signToken(issuerKey, claimsWith(), { alg: 'none' }),
    signToken(issuerKey, claimsWith({ iss: 'other' })),
  ];
  for (const token of cheap) {
    const answer = callers.resolve(bearing(token));
    assert.ok(answer instanceof Denial);
    assert.notEqual(answer.reason, 'overloaded');
  }
});

test('more verifications than the budget has are denied, and remembered tokens are not', async () => {
  const clock = new FakeClock();
  const callers = callersWith({ clock, budget: { perSecond: 4, concurrent: 10 } });
  const tokens = [1, 2, 3].map((jti) => bearing(signToken(issuerKey, claimsWith({ jti }))));
  const [first, second, third] = tokens;
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.equal(outcome(await callers.resolve(first)), 'orders-client');
  assert.equal(outcome(await callers.resolve(second)), 'orders-client');
  assert.equal(outcome(await callers.resolve(third)), 'overloaded');
  assert.equal(outcome(await callers.resolve(first)), 'orders-client');
  clock.advance(1000);
  assert.equal(outcome(await callers.resolve(third)), 'orders-client');
});

test('verifications at the same time are bounded', async () => {
  const callers = callersWith({ budget: { perSecond: 100, concurrent: 4 } });
  const answers = [1, 2, 3].map(async (jti) =>
    callers.resolve(bearing(signToken(issuerKey, claimsWith({ jti })))),
  );
  const outcomes = (await Promise.all(answers)).map((answer) => outcome(answer));
  assert.deepEqual(outcomes, ['orders-client', 'orders-client', 'overloaded']);
});

test('forgeries of one peer do not make the new tokens of another overloaded', async () => {
  const callers = callersWith({ budget: { perSecond: 100, concurrent: 100 } });
  const stranger = createIssuerKey('key-1');
  const forged = await outcomesOf(callers, stranger, 200, admin);
  assert.deepEqual(new Set(forged), new Set(['overloaded', 'token_invalid']));
  assert.deepEqual(await outcomesOf(callers, issuerKey, 2, web), [web, web]);
});

test('peers that nobody knows share the places of one', async () => {
  const callers = callersWith({ budget: { perSecond: 4, concurrent: 4 } });
  const tokens = [1, 2, 3].map((jti) => signToken(issuerKey, claimsWith({ jti })));
  const answers = tokens.map(async (token, index) =>
    callers.resolve(bearing(token, { principal: `spiffe://other/ns/a/sa/${index}` })),
  );
  const outcomes = (await Promise.all(answers)).map((answer) => outcome(answer));
  assert.deepEqual(outcomes, ['orders-client', 'orders-client', 'overloaded']);
});

test('forgeries from one address do not make the new tokens from another overloaded', async () => {
  const callers = callersWith({ budget: { perSecond: 100, concurrent: 400 } });
  const from = (sourceAddress: string, key: typeof issuerKey, jti: number) =>
    callers.resolve(bearing(signToken(key, claimsWith({ jti })), { sourceAddress }));
  const forger = createIssuerKey('key-1');
  const forged = Array.from({ length: 200 }, async (_, jti) =>
    outcome(await from('192.0.2.1', forger, jti)),
  );
  assert.ok((await Promise.all(forged)).includes('overloaded'));
  assert.equal(outcome(await from('192.0.2.1', issuerKey, 1)), 'overloaded');
  assert.equal(outcome(await from('192.0.2.2', issuerKey, 2)), 'orders-client');
});

test('a token with a new key waits for the issuer’s newer keys', async () => {
  const source = new ChangingKeys();
  await source.publish(issuerKey);
  source.refresh = () => source.publish(issuerKey, other);
  const callers = callersWith({ issuers: [{ source }] });
  const token = signToken(other, claimsWith());
  assert.equal(outcome(await callers.resolve(bearing(token))), 'orders-client');
});

test('a flood of unknown keys does not make checks wait, and leaves others the places to', async () => {
  const source = new ChangingKeys();
  await source.publish(issuerKey);
  const published = Promise.withResolvers<void>();
  source.refresh = () => published.promise;
  const callers = callersWith({ issuers: [{ source }] });
  const answers = Array.from({ length: 10_000 }, (_, index) =>
    callers.resolve(bearing(`${unsignedWith(`kid-${index}`)}.AAAA`, { principal: admin })),
  );
  assert.equal(answers.filter((answer) => answer instanceof Promise).length, 32);
  assert.equal(outcome(await answers.at(-1)), 'token_invalid');
  const waits = callers.resolve(bearing(signToken(other, claimsWith()), { principal: web }));
  await source.publish(other);
  published.resolve();
  assert.equal(outcome(await waits), web);
});

test('one token with an unknown key, shown over and over, does not make checks wait either', async () => {
  const source = new ChangingKeys();
  const published = Promise.withResolvers<void>();
  source.refresh = () => published.promise;
  const callers = callersWith({ issuers: [{ source }] });
  const request = bearing(signToken(issuerKey, claimsWith()));
  const answers = Array.from({ length: 100 }, () => callers.resolve(request));
  assert.equal(answers.filter((answer) => answer instanceof Promise).length, 32);
  await source.publish(issuerKey);
  published.resolve();
  assert.equal(outcome(await answers.at(0)), 'orders-client');
});

test('newer keys are waited for until the deadline of the check', async () => {
  const source = new ChangingKeys();
  const deadlines: number[] = [];
  source.refresh = (deadlineMs) => {
    deadlines.push(deadlineMs);
    return undefined;
  };
  await callersWith({ issuers: [{ source }] }).resolve(
    bearing(signToken(other, claimsWith())),
    1234,
  );
  assert.deepEqual(deadlines, [1234]);
});

test('a token that expires while it waits for keys has expired', async () => {
  const clock = new FakeClock();
  const source = new ChangingKeys();
  source.refresh = async () => {
    await source.publish(issuerKey);
    clock.advance(90_000);
  };
  const callers = callersWith({ clock, issuers: [{ source }] });
  const answer = await callers.resolve(bearing(signToken(issuerKey, claimsWith())));
  assert.equal(outcome(answer), 'token_expired');
});

test('a token whose key is dropped while it is verified is not good', async () => {
  const source = new ChangingKeys();
  await source.publish(issuerKey);
  const callers = callersWith({ issuers: [{ source }] });
  const verifying = callers.resolve(bearing(signToken(issuerKey, claimsWith())));
  source.keys = new Map();
  assert.equal(outcome(await verifying), 'token_invalid');
});

test('a clock that is set back makes no remembered token good that a new one would not be', async () => {
  const clock = new FakeClock();
  const callers = callersWith({ clock });
  const token = signToken(issuerKey, claimsWith());
  await callers.resolve(bearing(token));
  clock.advance(-30_000);
  assert.equal(outcome(await callers.resolve(bearing(token))), 'orders-client');
  clock.advance(-1);
  assert.equal(outcome(await callers.resolve(bearing(token))), 'token_invalid');
});

test('a token of one header is no token in another', async () => {
  const callers = callersWith({
    issuers: [{}, { issuer: 'https://ci.example', header: 'x-ci-token' }],
  });
  const token = signToken(issuerKey, claimsWith());
  await callers.resolve(bearing(token));
  const moved = bearing(token, { headers: { authorization: '', 'x-ci-token': token } });
  assert.equal(outcome(await callers.resolve(moved)), 'token_invalid');
});

test('tokens of the algorithms that are configured are verified, and of no other', async () => {
  const keys = [createIssuerKey('a', 'EdDSA'), createIssuerKey('b', 'RS256'), createIssuerKey('c')];
  const set = await readKeySet(keySetText(keys), ['EdDSA', 'RS256', 'ES256']);
  const source: KeySource = { ...fixedSource, find: (name) => set.get(name) };
  for (const key of keys) {
    const token = bearing(signToken(key, claimsWith()));
    const all = callersWith({ issuers: [{ source }] });
    assert.equal(outcome(await all.resolve(token)), 'orders-client', key.algorithm);
    const others = keys.filter((each) => each !== key).map(({ algorithm }) => algorithm);
    const without = callersWith({ issuers: [{ source, algorithms: others }] });
    assert.equal(outcome(await without.resolve(token)), 'token_invalid', key.algorithm);
  }
});

function unsignedWith(kid: string): string {
  return signToken(issuerKey, claimsWith(), { kid }).split('.').slice(0, 2).join('.');
}

/** Of so many new tokens at the same time. */
async function outcomesOf(
  callers: Callers,
  key: typeof issuerKey,
  count: number,
  principal: string,
): Promise<(string | undefined)[]> {
  const answers = Array.from({ length: count }, async (_, jti) =>
    callers.resolve(bearing(signToken(key, claimsWith({ jti })), { principal })),
  );
  return (await Promise.all(answers)).map((answer) => outcome(answer));
}
