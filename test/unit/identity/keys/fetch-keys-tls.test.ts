import assert from 'node:assert/strict';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, test } from 'node:test';
import { systemClock } from '../../../../src/domain/clock.ts';
import { askForKeys } from '../../../../src/app/callers/ask-for-keys.ts';
import { fetchKeys } from '../../../../src/identity/keys/fetch-keys.ts';
import { KeyServers } from '../../../../src/identity/keys/key-servers.ts';
import { Authority } from '../../../setup/authority.ts';
import { createIssuerKey, keySetText } from '../../../setup/token-issuer.ts';
import { until } from '../../../setup/until.ts';
import { issuerSettings } from '../callers.ts';

const authority = new Authority();
const other = new Authority();
const keys = keySetText([createIssuerKey('a')]);
const ended: (() => unknown)[] = [
  () => {
    authority.remove();
    other.remove();
  },
];
after(() => {
  for (const end of ended) end();
});

async function serve(names: string, days = 2): Promise<string> {
  const { certificate, privateKey } = authority.issue({ names, days });
  const server = createServer({ cert: certificate, key: privateKey }, (_, response) =>
    response.end(keys),
  );
  ended.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

function settingsFor(url: string, ca: string | undefined) {
  const times = { refreshMs: 60_000, minIntervalMs: 1000, keepMs: 60_000 };
  return { kind: 'server', url, ...times, ...(ca !== undefined && { ca }) } as const;
}

test('keys are taken from a server whose certificate is of the authority, and of no other', async () => {
  const { certificateFile: ca } = authority.own;
  const good = await serve('IP:127.0.0.1');
  const { text, certificate } = await fetchKeys(settingsFor(good, ca));
  assert.equal(text, keys);
  assert.equal(certificate?.subject, 'CN=leaf 1');
  await assert.rejects(fetchKeys(settingsFor(good, undefined)), /certificate/);
  await assert.rejects(fetchKeys(settingsFor(good, other.own.certificateFile)), /certificate/);
  await assert.rejects(fetchKeys(settingsFor(await serve('DNS:other'), ca)), /IP/);
  await assert.rejects(fetchKeys(settingsFor(await serve('IP:127.0.0.1', -1), ca)), /expired/);
  await assert.rejects(fetchKeys(settingsFor(good, '/nowhere')), /no such file/);
});

test('the certificates of servers are known, so that somebody is told before they expire', async () => {
  const url = await serve('IP:127.0.0.1');
  const settings = settingsFor(url, authority.own.certificateFile);
  const servers = new KeyServers({ ...askForKeys, clock: systemClock, onFetched: () => {} });
  servers.keysOf({ ...issuerSettings, keys: settings }, settings);
  await until('the certificate', () => servers.certificates().length === 1);
  servers.keepOnly([]);
  assert.deepEqual(servers.certificates(), []);
});
