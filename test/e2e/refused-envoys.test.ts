import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test, type TestContext } from 'node:test';
import { Authority, type Issued } from '../setup/authority.ts';
import { until } from '../setup/until.ts';
import { cluster, documentedBootstrap, setCheckTimeout } from './bootstrap.ts';
import { createCertificateAuthority } from './certificates.ts';
import { createClient } from './client.ts';
import { type Envoy, startEnvoy } from './envoy.ts';
import { temporaryDirectory, web } from './road.ts';
import { type Sallyport, startSallyport } from './sallyport.ts';
import { startUpstream, type Upstream } from './upstream.ts';

const sallyportId = 'spiffe://prod/ns/sallyport/sa/sallyport';
const envoyId = 'spiffe://prod/ns/istio-ingress/sa/envoy';

const [ours, theirs] = [new Authority(), new Authority()];
const directory = temporaryDirectory();
const callers = createCertificateAuthority(directory);
const caller = callers.issue('caller', `URI:${web}`);

let sallyport: Sallyport;
let upstream: Upstream;

before(async () => {
  upstream = await startUpstream();
  const own = ours.issue({ names: `URI:${sallyportId}` });
  const tls = {
    certificate: own.certificateFile,
    privateKey: own.privateKeyFile,
    clientCa: ours.own.certificateFile,
    allowedClients: ['spiffe://prod/ns/istio-ingress/sa/*'],
  };
  sallyport = await startSallyport({ directory, transport: 'tcp', sections: { server: { tls } } });
});

after(async () => {
  await sallyport.process.stop();
  await upstream.stop();
  for (const authority of [ours, theirs]) authority.remove();
  rmSync(directory, { recursive: true, force: true });
});

interface Shown {
  readonly name: string;
  /** What Envoy shows Sallyport. */
  readonly identity: () => Issued | undefined;
  /** Whom it takes for Sallyport. */
  readonly expects?: string;
  /** What Sallyport counts; absent: it is let in, or goes by itself. */
  readonly cause?: string;
}

let started = 0;

/** An Envoy of its own, beside which nobody asks Sallyport. */
async function startEnvoyWith(
  t: TestContext,
  { identity, expects = sallyportId }: Shown,
): Promise<Envoy> {
  started += 1;
  const own = join(directory, `envoy-${started}`);
  mkdirSync(own);
  const bootstrap = documentedBootstrap({
    authority: callers,
    upstreamPort: upstream.port,
    sallyports: [sallyport.address],
  });
  setCheckTimeout(bootstrap, '5s');
  cluster(bootstrap, 'sallyport')['transport_socket'] = tlsSocket(identity(), expects);
  const envoy = await startEnvoy(own, bootstrap);
  t.after(() => envoy.stop());
  return envoy;
}

function tlsSocket(identity: Issued | undefined, expects: string): object {
  const shown = identity && {
    certificate_chain: { filename: identity.certificateFile },
    private_key: { filename: identity.privateKeyFile },
  };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      common_tls_context: {
        ...(shown && { tls_certificates: [shown] }),
        validation_context: {
          trusted_ca: { filename: ours.own.certificateFile },
          match_typed_subject_alt_names: [{ san_type: 'URI', matcher: { exact: expects } }],
        },
      },
    },
  };
}

const rightIdentity = (): Issued => ours.issue({ names: `URI:${envoyId}` });

const envoys: readonly Shown[] = [
  {
    name: 'without a certificate',
    identity: () => undefined,
    cause: 'no_certificate',
  },
  {
    name: 'of another authority',
    identity: () => theirs.issue({ names: `URI:${envoyId}` }),
    cause: 'unknown_authority',
  },
  {
    name: 'whose certificate has expired',
    identity: () => ours.issue({ names: `URI:${envoyId}`, days: -1 }),
    cause: 'expired',
  },
  {
    name: 'that is somebody else',
    identity: () => ours.issue({ names: `URI:${web}` }),
    cause: 'not_allowed',
  },
  {
    name: 'with a second name beside the right one',
    identity: () => ours.issue({ names: `URI:${envoyId},URI:${web}` }),
    cause: 'no_spiffe_id',
  },
  {
    name: 'that takes another for Sallyport',
    identity: rightIdentity,
    expects: 'spiffe://prod/ns/sallyport/sa/other',
  },
];

for (const shown of envoys) {
  test(`an Envoy ${shown.name} cannot ask, and lets nothing through`, async (t) => {
    const envoy = await startEnvoyWith(t, shown);
    const client = createClient(envoy.port('front'), caller);
    t.after(() => {
      client.close();
    });
    assert.equal((await client.send({ path: '/orders' })).status, 503);
    assert.equal(upstream.requests(), 0);
    const { cause } = shown;
    if (cause === undefined) return;
    const sample = `sallyport_tls_handshake_failures_total{source="127.0.0.0/24",cause="${cause}"}`;
    await until('it is counted', async () => (await sallyport.metric(sample)) > 0);
  });
}

test('the right Envoy can', async (t) => {
  const envoy = await startEnvoyWith(t, { name: 'that is right', identity: rightIdentity });
  const client = createClient(envoy.port('front'), caller);
  t.after(() => {
    client.close();
  });
  await until('it is let through', async () => {
    return (await client.send({ path: '/orders' })).status === 200;
  });
  assert.ok(upstream.requests() > 0);
});
