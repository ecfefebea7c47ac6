import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { Authority, type Issued } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { type Bootstrap, cluster, objectAt, snippetOf } from './bootstrap.ts';
import type { Client } from './client.ts';
import { type Road, startRoad, temporaryDirectory, web } from './road.ts';
import { countStatuses, startTraffic } from './traffic.ts';

const sallyportId = 'spiffe://prod/ns/sallyport/sa/sallyport';
const envoyId = 'spiffe://prod/ns/istio-ingress/sa/envoy';

const [old, renewed] = [new Authority(), new Authority()];
/** Beside the road's own, whose names are the same. */
const directory = temporaryDirectory();
const path = (name: string): string => join(directory, name);

let road: Road;
let client: Client;

before(async () => {
  showEnvoys(old.issue({ names: `URI:${envoyId}` }));
  trustSallyports(old);
  showOwn(old.issue({ names: `URI:${sallyportId}` }));
  trustEnvoys(old);
  const tls = {
    certificate: path('tls.crt'),
    privateKey: path('tls.key'),
    clientCa: path('ca.crt'),
    allowedClients: ['spiffe://prod/ns/istio-ingress/sa/*'],
  };
  road = await startRoad({
    transport: 'tcp',
    sections: { server: { tls } },
    edit: speakTls,
  });
  client = road.caller(web);
  // Its first look at Sallyport may come before its secrets do.
  await until('Envoy sees Sallyport', async () => (await statistic('membership_healthy')) === 1);
});

after(async () => {
  await road.stop();
  for (const authority of [old, renewed]) authority.remove();
  rmSync(directory, { recursive: true, force: true });
});

/** docs/envoy.md's own, with the files of the test. */
function speakTls(bootstrap: Bootstrap): void {
  bootstrap['node'] = { id: 'front', cluster: 'front' };
  const { transport_socket: socket } = parse(snippetOf('# in the cluster sallyport')) as Bootstrap;
  cluster(bootstrap, 'sallyport')['transport_socket'] = socket;
  const context = ['transport_socket', 'typed_config', 'common_tls_context'] as const;
  const common = objectAt(cluster(bootstrap, 'sallyport'), ...context);
  for (const [secret, file] of [
    [objectAt(common, 'tls_certificate_sds_secret_configs', 0), 'own.yaml'],
    [objectAt(common, 'validation_context_sds_secret_config'), 'sallyport.yaml'],
  ] as const) {
    objectAt(secret, 'sds_config', 'path_config_source')['path'] = path(file);
  }
}

/** By a rename, as docs/envoy.md asks for. */
function replace(name: string, text: string): void {
  writeFileSync(path('aside'), text);
  renameSync(path('aside'), path(name));
}

function showEnvoys({ certificateFile, privateKeyFile }: Issued): void {
  const document = parse(snippetOf('# /etc/envoy/own.yaml')) as Bootstrap;
  objectAt(document, 'resources', 0)['tls_certificate'] = {
    certificate_chain: { filename: certificateFile },
    private_key: { filename: privateKeyFile },
  };
  replace('own.yaml', JSON.stringify(document));
}

function trustSallyports(...authorities: readonly Authority[]): void {
  const document = parse(snippetOf('# /etc/envoy/sallyport.yaml')) as Bootstrap;
  objectAt(document, 'resources', 0, 'validation_context')['trusted_ca'] = {
    inline_string: authorities.map(({ own }) => own.certificate).join(''),
  };
  replace('sallyport.yaml', JSON.stringify(document));
}

function showOwn({ certificateFile, privateKeyFile }: Issued): void {
  copyFileSync(certificateFile, path('tls.crt'));
  copyFileSync(privateKeyFile, path('tls.key'));
}

function trustEnvoys(...authorities: readonly Authority[]): void {
  replace('ca.crt', authorities.map(({ own }) => own.certificate).join(''));
}

const reloads = (result: string): Promise<number> =>
  road.sallyport.metric(`sallyport_reload_total{what="certificate",result="${result}"}`);

/** Until Sallyport has read what a step changed. */
async function reloaded(step: () => void): Promise<void> {
  const earlier = await reloads('success');
  step();
  await until('the certificates are read anew', async () => (await reloads('success')) > earlier);
}

const statistic = (name: string): Promise<number> => road.envoy.stat(`cluster.sallyport.${name}`);

/** Until Envoy has read a secret. */
async function updated(secret: string, step: () => void): Promise<void> {
  const name = `client_ssl_socket_factory.ssl_context_update_by_sds`;
  const earlier = await statistic(name);
  step();
  await until(`Envoy has read ${secret}`, async () => (await statistic(name)) > earlier);
}

test('an allowed Envoy is answered over TLS 1.3', async () => {
  assert.equal((await client.send({ path: '/orders' })).status, 200);
  assert.ok((await statistic('ssl.versions.TLSv1.3')) > 0);
});

test('certificates and authorities are replaced under load, and no check fails', async () => {
  const traffic = startTraffic(client, { path: '/orders' });
  await reloaded(() => trustEnvoys(old, renewed));
  await updated('the authorities', () => trustSallyports(old, renewed));
  await updated('its certificate', () => showEnvoys(renewed.issue({ names: `URI:${envoyId}` })));
  await reloaded(() => showOwn(renewed.issue({ names: `URI:${sallyportId}` })));
  const opened = await statistic('upstream_cx_total');
  await reloaded(() => trustEnvoys(renewed));
  await until('Envoy has come anew', async () => (await statistic('upstream_cx_total')) > opened);
  await updated('the authorities', () => trustSallyports(renewed));
  const answered = traffic.answers.length;
  await until('more is answered', () => traffic.answers.length > answered + 50);
  await traffic.stop();
  const logged = road.envoy.process.stdout().split('\n');
  const failed = logged.filter((line) => line.includes('"status":503'));
  assert.deepEqual(Object.keys(countStatuses(traffic.answers)), ['200'], failed.join('\n'));
});

test('a key that does not fit is refused, loudly, and the old pair goes on', async () => {
  const failures = await reloads('failure');
  copyFileSync(old.issue({}).privateKeyFile, path('tls.key'));
  await until('the failure is counted', async () => (await reloads('failure')) > failures);
  assert.match(road.sallyport.process.stderr(), /tls\.key.*is not the key of the certificate/);
  assert.equal((await client.send({ path: '/orders' })).status, 200);
  await reloaded(() => showOwn(renewed.issue({ names: `URI:${sallyportId}` })));
});

test('an Envoy of a removed authority is closed out, and its requests are denied', async () => {
  await updated('its certificate', () => showEnvoys(old.issue({ names: `URI:${envoyId}` })));
  const stranger = new Authority('another');
  await reloaded(() => {
    appendFileSync(path('ca.crt'), stranger.own.certificate);
  });
  await reloaded(() => trustEnvoys(stranger));
  await until('Envoy cannot ask', async () => {
    return (await client.send({ path: '/orders' })).status === 503;
  });
  const sample =
    'sallyport_tls_handshake_failures_total{source="127.0.0.0/24",cause="unknown_authority"}';
  assert.ok((await road.sallyport.metric(sample)) > 0);
  stranger.remove();
});
