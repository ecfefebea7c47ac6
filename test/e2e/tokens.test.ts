import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { KeyServer } from '../setup/key-server.ts';
import { createIssuerKey, signToken } from '../setup/token-issuer.ts';
import { connectionManager, extAuthz } from './bootstrap.ts';
import { waitFor } from './child-process.ts';
import { type Answer, type Client, createClient, seenBy } from './client.ts';
import { billing, type Road, startRoad, web } from './road.ts';

const issuer = 'https://tokens.shop.example';
const [firstKey, secondKey] = [createIssuerKey('first'), createIssuerKey('second')];
/** Of another issuer, who calls its key the same. */
const forgedKey = createIssuerKey('first');

/** The claims of a good token of the web front, and what the test is about. */
function claimsWith(changed: object = {}): object {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, sub: web, aud: 'orders', iat: now, exp: now + 120, ...changed };
}

function identityWith(url: string, rest: object = {}) {
  const jwks = { url, refresh: '1h', minInterval: '100ms' };
  const tokens = { audiences: ['orders'], algorithms: ['ES256'], trustDomains: ['shop.example'] };
  return {
    trustDomains: ['shop.example'],
    jwt: [{ issuer, jwks, ...tokens, forward: false }],
    ...rest,
  };
}

for (const encodeRawHeaders of [true, false]) {
  describe(`with headers as ${encodeRawHeaders ? 'bytes' : 'text'}`, () => {
    const keys = new KeyServer();
    let road: Road;
    let anyone: Client;

    before(async () => {
      await keys.start();
      keys.publish(firstKey);
      // It is down when Sallyport starts.
      await keys.stop();
      road = await startRoad({
        transport: 'unix',
        sections: { identity: identityWith(keys.url) },
        edit: (bootstrap) => {
          extAuthz(bootstrap)['encode_raw_headers'] = encodeRawHeaders;
        },
      });
      anyone = road.caller(undefined);
    });

    after(async () => {
      await road.stop();
      await keys.stop();
    });

    const asking = (token: string | readonly string[], client = anyone): Promise<Answer> => {
      const values = [token].flat().map((each) => `Bearer ${each}`);
      return client.send({ path: '/orders', headers: { Authorization: values } });
    };

    test('while the issuer’s keys cannot be had its tokens are denied, loudly, and then no longer', async () => {
      const token = signToken(firstKey, claimsWith());
      assert.equal(reasonOf(await asking(token)), 'token_invalid');
      await road.sallyport.process.says(/keys of a token issuer cannot be had.*ECONNREFUSED/);
      await keys.start();
      await waitFor('the keys', async () => (await asking(token)).status === 200 || undefined);
    });

    test('the caller is whom the token names, and the upstream does not get the token', async () => {
      const { headers } = seenBy(await asking(signToken(firstKey, claimsWith())));
      assert.equal(headers['x-sallyport-caller'], web);
      assert.equal(headers['x-sallyport-caller-source'], 'jwt');
      assert.equal(headers['authorization'], undefined);
    });

    test('a token that is no good is a 401 that says so and no more', async () => {
      const good = signToken(firstKey, claimsWith());
      const refused: readonly (readonly [reason: string, token: string | readonly string[]])[] = [
        ['token_invalid', signToken(forgedKey, claimsWith())],
        ['token_invalid', signToken(firstKey, claimsWith({ aud: 'invoices' }))],
        ['token_expired', signToken(firstKey, claimsWith({ iat: 1, exp: 2 }))],
        ['token_invalid', [good, good]],
        ['token_invalid', [good, 'x']],
      ];
      for (const [reason, token] of refused) {
        const answer = await asking(token, road.caller(web));
        assert.deepEqual([reasonOf(answer), answer.status], [reason, 401]);
        const challenge = 'Bearer realm="sallyport", error="invalid_token"';
        assert.equal(answer.headers['www-authenticate'], challenge);
        assert.doesNotMatch(answer.body, /aud|kid|signature|first/);
      }
    });

    test('a token with a key that is new is good as soon as the keys may be asked for again', async () => {
      keys.publish(firstKey, secondKey);
      const token = signToken(secondKey, claimsWith());
      await waitFor('the new key', async () => (await asking(token)).status === 200 || undefined);
    });

    test('tokens are not in the records, and what came of them is in the metrics', async () => {
      const token = signToken(firstKey, claimsWith({ jti: 'in-the-record' }));
      const id = seenBy(await asking(token)).headers['x-sallyport-decision-id'];
      const record = await waitFor('the record', () =>
        road.sallyport.records().find((each) => each['decision_id'] === id),
      );
      assert.deepEqual(record['caller'], {
        principal: web,
        source: 'jwt',
        token: { issuer, subject: web, jti: 'in-the-record' },
      });
      const [, , signature = ''] = token.split('.');
      const everything = JSON.stringify(road.sallyport.records()) + road.sallyport.process.stderr();
      assert.ok(!everything.includes(signature));
      assert.ok(!everything.includes(Buffer.from(token).toString('base64')));
      const sample = `sallyport_tokens_total{issuer="${issuer}",result="verified"}`;
      assert.ok((await road.sallyport.metric(sample)) >= 1);
    });
  });
}

test('Envoy’s x-forwarded-client-cert names the peer, whatever the caller sends, and binds tokens to its certificate', async (t) => {
  const keys = await new KeyServer().start();
  t.after(() => keys.stop());
  keys.publish(firstKey);
  const road = await startRoad({
    transport: 'unix',
    sections: { identity: identityWith(keys.url, { sources: ['xfcc'] }) },
    edit: (bootstrap) => {
      const manager = connectionManager(bootstrap);
      manager['forward_client_cert_details'] = 'APPEND_FORWARD';
      manager['set_current_client_cert_details'] = { uri: true, subject: true, dns: true };
    },
  });
  t.after(() => road.stop());
  const certificate = road.identity(`URI:${billing}`);
  const asBilling = createClient(road.envoy.port('front'), certificate);
  t.after(() => {
    asBilling.close();
  });
  const outcomeOf = async (forged?: string, token?: string): Promise<string> => {
    const headers = {
      ...(forged !== undefined && { 'x-forwarded-client-cert': forged }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const answer = await asBilling.send({ path: '/orders', headers });
    return reasonOf(answer);
  };

  // The web front may read orders, and billing may not.
  assert.equal(await outcomeOf(`By=x;URI=${web}`), 'policy_denied', 'an earlier element');
  assert.equal(await outcomeOf(`By=x;URI=${web};Subject="`), 'untrusted_peer', 'an open quote');
  const record = await waitFor('a record', () =>
    road.sallyport.records().find(({ reason }) => reason === 'policy_denied'),
  );
  assert.deepEqual(record['caller'], { principal: billing, source: 'xfcc' });

  const { raw } = new X509Certificate(readFileSync(certificate.certificate));
  const own = createHash('sha256').update(raw).digest('base64url');
  const boundTo = (hash: string) =>
    signToken(firstKey, claimsWith({ sub: billing, cnf: { 'x5t#S256': hash } }));
  assert.equal(await outcomeOf(undefined, boundTo(own)), 'policy_denied');
  const other = createHash('sha256').update('other').digest('base64url');
  assert.equal(await outcomeOf(undefined, boundTo(other)), 'token_invalid');
  const anyone = road.caller(undefined);
  const bare = { path: '/orders', headers: { 'x-forwarded-client-cert': `By=x;URI=${web}` } };
  assert.equal(reasonOf(await anyone.send(bare)), 'unauthenticated', 'without a certificate');
});

function reasonOf({ headers }: Answer): string {
  return String(headers['x-sallyport-reason']);
}
