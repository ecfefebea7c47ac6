import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Authority, Issued } from './authority.ts';

const protoRoot = new URL('../../proto', import.meta.url).pathname;
const { SpiffeWorkloadAPI: service } = loadSync('spiffe/workload/workload.proto', {
  includeDirs: [protoRoot],
});

type Stream = ServerWritableStream<object, object>;

function FetchJWTBundles(stream: Stream): void {
  stream.write({ bundles: { 'shop.example': Buffer.from('{"keys":[]}') } });
}

/** A SPIFFE Workload API on a socket, as an agent of SPIRE is one. */
export class WorkloadApi {
  readonly #server = new Server();
  readonly #streams = new Set<Stream>();
  #answer: object | undefined;
  /** How many asked without the header that the standard asks for. */
  withoutHeader = 0;

  static async listen(path: string): Promise<WorkloadApi> {
    const api = new WorkloadApi();
    const FetchX509SVID = (stream: Stream): void => {
      api.#open(stream);
    };
    api.#server.addService(service as never, { FetchX509SVID, FetchJWTBundles });
    await new Promise<void>((resolve, reject) => {
      api.#server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (fault) => {
        if (fault === null) resolve();
        else reject(fault);
      });
    });
    return api;
  }

  /** Gives this to everybody who asks, and to all who have asked. */
  give(
    id: string,
    issued: Issued,
    authority: Authority,
    federated: Record<string, Authority> = {},
  ): void {
    const federatedBundles: Record<string, Buffer> = {};
    for (const [name, { own }] of Object.entries(federated)) {
      federatedBundles[name] = der(own.certificate);
    }
    const svid = {
      spiffeId: id,
      x509Svid: der(issued.certificate),
      x509SvidKey: createPrivateKey(issued.privateKey).export({ format: 'der', type: 'pkcs8' }),
      bundle: der(authority.own.certificate),
    };
    this.#answer = { svids: [svid], federatedBundles };
    for (const stream of this.#streams) stream.write(this.#answer);
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #open(stream: Stream): void {
    if (stream.metadata.get('workload.spiffe.io')[0] !== 'true') {
      this.withoutHeader += 1;
      stream.destroy(Object.assign(new Error('no header'), { code: status.INVALID_ARGUMENT }));
      return;
    }
    this.#streams.add(stream);
    stream.on('cancelled', () => this.#streams.delete(stream));
    if (this.#answer !== undefined) stream.write(this.#answer);
  }
}

function der(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}
