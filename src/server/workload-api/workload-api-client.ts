import { Client, type ClientReadableStream, credentials, Metadata } from '@grpc/grpc-js';
import type { OnFault } from '../on-fault.ts';
import { loadProtoService } from '../proto-service.ts';
import type { TlsMaterial } from '../tls/credentials.ts';
import { readLasting } from './lasting-stream.ts';
import { domainOf, materialOf, type X509SvidResponse } from './svid-material.ts';

/** The streams of a SPIFFE Workload API (SPIRE's agent). They begin anew until they are closed. */
export interface WorkloadApiClient {
  /** Our certificate and those whom we trust, now and whenever they change. */
  watchX509(onMaterial: (material: TlsMaterial) => void): void;
  /** The keys that verify JWT-SVIDs: JWK sets by trust domain. */
  watchJwtBundles(onBundles: (bundles: ReadonlyMap<string, string>) => void): void;
  close(): void;
}

export interface WorkloadApiOptions {
  /** The path of its socket. */
  readonly socketPath: string;
  /** Told why a stream ended, and what could not be read. */
  readonly onFault: OnFault;
  /** Before an attempt after one that failed. Default 1 s. */
  readonly firstDelayMs?: number;
}

interface JwtBundlesResponse {
  readonly bundles?: Readonly<Record<string, Uint8Array>>;
}

const protoFile = 'spiffe/workload/workload.proto';
const methodNames = ['FetchX509SVID', 'FetchJWTBundles'] as const;
type MethodName = (typeof methodNames)[number];

export function createWorkloadApiClient(options: WorkloadApiOptions): WorkloadApiClient {
  const { socketPath, onFault, firstDelayMs = 1000 } = options;
  const methods = loadProtoService(protoFile, 'SpiffeWorkloadAPI', methodNames);
  const client = new Client(`unix:${socketPath}`, credentials.createInsecure());
  const closing = new AbortController();

  function open<Response>(name: MethodName): ClientReadableStream<Response> {
    const { path, requestSerialize, responseDeserialize } = methods[name];
    const codecs = [requestSerialize, responseDeserialize] as const;
    return client.makeServerStreamRequest<object, Response>(path, ...codecs, {}, required);
  }

  const watching = (name: MethodName) => ({
    onEnd: (reason: string) => {
      onFault(`asking the Workload API (${name})`, reason);
    },
    firstDelayMs,
    signal: closing.signal,
  });

  /** What cannot be read is told of, and what was read before stays. */
  const reading = <Response>(read: (response: Response) => void) => ({
    onResponse: (response: Response): void => {
      try {
        read(response);
      } catch (fault) {
        onFault('reading what the Workload API gave', fault);
      }
    },
  });

  return {
    watchX509: (onMaterial) => {
      const name = 'FetchX509SVID';
      const read = reading<X509SvidResponse>((response) => {
        onMaterial(materialOf(response));
      });
      readLasting({ open: () => open<X509SvidResponse>(name), ...read, ...watching(name) });
    },
    watchJwtBundles: (onBundles) => {
      const name = 'FetchJWTBundles';
      const read = reading<JwtBundlesResponse>((response) => {
        onBundles(bundlesIn(response));
      });
      readLasting({ open: () => open<JwtBundlesResponse>(name), ...read, ...watching(name) });
    },
    close: () => {
      closing.abort();
      client.close();
    },
  };
}

function bundlesIn({ bundles = {} }: JwtBundlesResponse): ReadonlyMap<string, string> {
  const texts = Object.entries(bundles).map(
    ([domain, bytes]) => [domainOf(domain), Buffer.from(bytes).toString()] as const,
  );
  return new Map(texts);
}

/** Without it the API must not answer: a page in a browser could not send it (Workload API §3). */
const required = new Metadata();
required.set('workload.spiffe.io', 'true');
