import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bootstrap, documentedBootstrap, setCheckTimeout } from './bootstrap.ts';
import { type Certificate, createCertificateAuthority } from './certificates.ts';
import { type Client, createClient } from './client.ts';
import { type Envoy, startEnvoy } from './envoy.ts';
import { type Sallyport, type SallyportOptions, startSallyport } from './sallyport.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface RoadOptions extends Omit<SallyportOptions, 'directory'> {
  /** A folder for everything; absent: the road makes one of its own. */
  readonly directory?: string;
  /** Changes docs/envoy.md's configuration for this test. */
  readonly edit?: (bootstrap: Bootstrap) => void;
}

/** The whole road: a caller with a certificate → Envoy → Sallyport, and → the upstream. */
export interface Road {
  readonly directory: string;
  readonly envoy: Envoy;
  readonly upstream: Upstream;
  /** Replaced by `restartSallyport`. */
  sallyport: Sallyport;
  /** A caller by its SPIFFE ID; undefined: one without a certificate. */
  caller(spiffeId: string | undefined): Client;
  /** A certificate for a name as openssl writes it: `URI:spiffe://…`. */
  identity(subjectAltName: string): Certificate;
  /** Starts Sallyport again, at the address that it had. */
  restartSallyport(): Promise<void>;
  stop(): Promise<void>;
}

export const web = 'spiffe://shop.example/ns/shop/sa/web';
export const billing = 'spiffe://shop.example/ns/shop/sa/billing';

export async function startRoad(options: RoadOptions): Promise<Road> {
  const directory = options.directory ?? temporaryDirectory();
  const authority = createCertificateAuthority(directory);
  const upstream = await startUpstream();
  const sallyport = await startSallyport({ ...options, directory });
  const bootstrap = documentedBootstrap({
    authority,
    upstreamPort: upstream.port,
    sallyports: [sallyport.address],
  });
  setCheckTimeout(bootstrap, '5s');
  options.edit?.(bootstrap);
  const envoy = await startEnvoy(directory, bootstrap);

  const clients: Client[] = [];
  let issued = 0;
  const identity = (subjectAltName: string): Certificate => {
    issued += 1;
    return authority.issue(`caller-${issued}`, subjectAltName);
  };
  const road: Road = {
    directory,
    envoy,
    upstream,
    sallyport,
    identity,
    caller: (spiffeId) => {
      const certificate = spiffeId === undefined ? undefined : identity(`URI:${spiffeId}`);
      const client = createClient(envoy.port('front'), certificate);
      clients.push(client);
      return client;
    },
    restartSallyport: async () => {
      road.sallyport = await startSallyport({ ...options, directory, ...portOf(road.sallyport) });
    },
    stop: async () => {
      for (const client of clients) client.close();
      await Promise.all([envoy.stop(), road.sallyport.process.stop(), upstream.stop()]);
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return road;
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
}

function portOf({ address }: Sallyport): { port?: number } {
  return 'socket_address' in address ? { port: address.socket_address.port_value } : {};
}
