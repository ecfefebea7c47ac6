import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../src/domain/json.ts';
import { type Bootstrap, documentedBootstrap, setCheckTimeout } from './bootstrap.ts';
import { type Certificate, createCertificateAuthority } from './certificates.ts';
import { type Client, createClient } from './client.ts';
import { type Envoy, startEnvoy } from './envoy.ts';
import { type Redis, startRedis } from './redis.ts';
import { type Sallyport, type SallyportOptions, startSallyport } from './sallyport.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface RoadOptions extends Omit<SallyportOptions, 'directory'> {
  /** A folder for everything, removed at the end; absent: the road makes one of its own. */
  readonly directory?: string;
  /** Starts a Redis too; the settings of sallyport.yaml's section beside its address. */
  readonly redis?: JsonObject;
  /** Changes docs/envoy.md's configuration for this test. */
  readonly edit?: (bootstrap: Bootstrap) => void;
}

/** The whole road: a caller with a certificate → Envoy → Sallyport → Redis, and → the upstream. */
export interface Road {
  readonly envoy: Envoy;
  readonly upstream: Upstream;
  /** Replaced when it is restarted. */
  readonly sallyport: Sallyport;
  readonly redis: Redis | undefined;
  /** A caller by its SPIFFE ID; undefined: one without a certificate. */
  caller(spiffeId: string | undefined): Client;
  /** A certificate for a name as openssl writes it: `URI:spiffe://…`. */
  identity(subjectAltName: string): Certificate;
  /** Starts Sallyport again, at the address that it had. */
  restartSallyport(): Promise<void>;
  /** Starts Redis again, empty, at the address that it had. */
  restartRedis(): Promise<void>;
  stop(): Promise<void>;
}

export const web = 'spiffe://shop.example/ns/shop/sa/web';
export const billing = 'spiffe://shop.example/ns/shop/sa/billing';

export async function startRoad(options: RoadOptions): Promise<Road> {
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    for (const step of undo.splice(0).toReversed()) await step();
  };
  try {
    return { ...(await layRoad(options, undo)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `undo` learns how to end each part as soon as the part is there. */
async function layRoad(options: RoadOptions, undo: (() => unknown)[]): Promise<Omit<Road, 'stop'>> {
  const directory = options.directory ?? temporaryDirectory();
  undo.push(() => {
    rmSync(directory, { recursive: true, force: true });
  });
  const authority = createCertificateAuthority(directory);
  const upstream = await startUpstream();
  undo.push(() => upstream.stop());

  let redis = options.redis && (await startRedis(directory));
  undo.push(() => redis?.process.stop());
  const sections = {
    ...options.sections,
    ...(redis && { redis: { url: redis.url, ...options.redis } }),
  };
  const server = { ...options, directory, sections };
  let sallyport = await startSallyport(server);
  undo.push(() => sallyport.process.stop());

  const bootstrap = documentedBootstrap({
    authority,
    upstreamPort: upstream.port,
    sallyports: [sallyport.address],
  });
  setCheckTimeout(bootstrap, '5s');
  options.edit?.(bootstrap);
  const envoy = await startEnvoy(directory, bootstrap);
  undo.push(() => envoy.stop());

  let issued = 0;
  const identity = (subjectAltName: string): Certificate => {
    issued += 1;
    return authority.issue(`caller-${issued}`, subjectAltName);
  };
  return {
    envoy,
    upstream,
    get sallyport() {
      return sallyport;
    },
    get redis() {
      return redis;
    },
    identity,
    caller: (spiffeId) => {
      const certificate = spiffeId === undefined ? undefined : identity(`URI:${spiffeId}`);
      const client = createClient(envoy.port('front'), certificate);
      undo.push(() => {
        client.close();
      });
      return client;
    },
    restartSallyport: async () => {
      sallyport = await startSallyport({ ...server, ...portOf(sallyport) });
    },
    restartRedis: async () => {
      redis = await startRedis(directory);
    },
  };
}

export function temporaryDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'sallyport-e2e-'));
}

function portOf({ address }: Sallyport): { port?: number } {
  return 'socket_address' in address ? { port: address.socket_address.port_value } : {};
}
