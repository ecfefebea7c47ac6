import { createPrivateKey, X509Certificate } from 'node:crypto';
import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { Authority, Issued } from './authority.ts';
import type { IssuerKey } from './token-issuer.ts';

const protoRoot = new URL('../../proto', import.meta.url).pathname;
const { SpiffeWorkloadAPI: service } = loadSync('spiffe/workload/workload.proto', {
  includeDirs: [protoRoot],
});

type Stream = ServerWritableStream<object, object>;

/** A SPIFFE Workload API on a socket, in the words of an agent of SPIRE 1.13. */
export class WorkloadApi {
  readonly #server = new Server();
  readonly #x509 = new Answers();
  readonly #jwt = new Answers();
  /** How many asked without the header that the standard asks for. */
  withoutHeader = 0;

  static async listen(path: string): Promise<WorkloadApi> {
    const api = new WorkloadApi();
    const FetchX509SVID = (stream: Stream): void => {
      api.#open(stream, api.#x509);
    };
    const FetchJWTBundles = (stream: Stream): void => {
      api.#open(stream, api.#jwt);
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

  /** Gives this to everybody who asks, and to all who have asked. `others` are sent beside it. */
  give(
    id: string,
    issued: Issued,
    authority: Authority,
    federated: Record<string, Authority | Buffer> = {},
    others: readonly Issued[] = [],
  ): void {
    const federatedBundles: Record<string, Buffer> = {};
    for (const [name, bundle] of Object.entries(federated)) {
      federatedBundles[`spiffe://${name}`] = 'own' in bundle ? der(bundle.own.certificate) : bundle;
    }
    const svid = {
      spiffeId: id,
      x509Svid: Buffer.concat([issued, ...others].map(({ certificate }) => der(certificate))),
      x509SvidKey: createPrivateKey(issued.privateKey).export({ format: 'der', type: 'pkcs8' }),
      bundle: der(authority.own.certificate),
    };
    this.#x509.give({ svids: [svid], federatedBundles });
  }

  /** The keys of each trust domain, without their `use`, as SPIRE leaves that out. */
  giveKeys(byTrustDomain: Readonly<Record<string, readonly IssuerKey[]>>): void {
    const bundles: Record<string, Buffer> = {};
    for (const [name, keys] of Object.entries(byTrustDomain)) {
      const set = { keys: keys.map(({ jwk }) => ({ ...jwk, use: undefined })) };
      bundles[`spiffe://${name}`] = Buffer.from(JSON.stringify(set));
    }
    this.#jwt.give({ bundles });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  #open(stream: Stream, answers: Answers): void {
    if (stream.metadata.get('workload.spiffe.io')[0] !== 'true') {
      this.withoutHeader += 1;
      stream.destroy(Object.assign(new Error('no header'), { code: status.INVALID_ARGUMENT }));
      return;
    }
    answers.open(stream);
  }
}

/** Of one method. */
class Answers {
  readonly #streams = new Set<Stream>();
  #answer: object | undefined;

  give(answer: object): void {
    this.#answer = answer;
    for (const stream of this.#streams) stream.write(answer);
  }

  open(stream: Stream): void {
    this.#streams.add(stream);
    stream.on('cancelled', () => this.#streams.delete(stream));
    if (this.#answer !== undefined) stream.write(this.#answer);
  }
}

function der(pem: string): Buffer {
  return new X509Certificate(pem).raw;
}
