import { fileURLToPath } from 'node:url';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

export const checkPath = '/envoy.service.auth.v3.Authorization/Check';

const check = checkMethod();

/** The measured CheckRequest: what Envoy asks for an ordinary read by a meshed service. */
export function encodeCheckRequest(ownHeaders: Headers = {}, certificate?: string): Buffer {
  return check.requestSerialize(checkRequestWith(ownHeaders, certificate));
}

export const grpcPrefixBytes = 5;

/** gRPC's length-prefixed message: no compression, four bytes of length. */
export function grpcFrame(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(grpcPrefixBytes);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** What a fixed allow looks like: about as long as Sallyport's shortest. */
export function encodeFixedAllow(): Buffer {
  const header = { key: 'x-sallyport-decision-id', value: '00000000-0000-4000-8000-000000000000' };
  return check.responseSerialize({ status: {}, okResponse: { headers: [{ header }] } });
}

/** Whether a CheckResponse lets the request pass. */
export function isAllow(response: Buffer): boolean {
  const { status, deniedResponse, errorResponse } = check.responseDeserialize(response) as Answer;
  return (status?.code ?? 0) === 0 && deniedResponse === undefined && errorResponse === undefined;
}

interface Answer {
  readonly status?: { readonly code?: number };
  readonly deniedResponse?: object;
  readonly errorResponse?: object;
}

function checkMethod(): ServiceDefinition[string] {
  const proto = fileURLToPath(new URL('../proto', import.meta.url));
  const definition = loadSync('envoy/service/auth/v3/external_auth.proto', {
    includeDirs: [proto],
  });
  const service = definition['envoy.service.auth.v3.Authorization'] as ServiceDefinition;
  const method = service['Check'];
  if (method === undefined) throw new Error('proto/ has no Authorization.Check');
  return method;
}

/** As long as an ES256 token with a dozen claims. */
const token = `Bearer eyJhbGciOiJFUzI1NiJ9.${'payload-of-a-token'.repeat(24)}.${'signature'.repeat(9)}`;

type Headers = Readonly<Record<string, string>>;

const headers: Headers = {
  ':authority': 'orders.shop.svc.cluster.local',
  ':method': 'GET',
  ':path': '/orders/7?expand=lines',
  ':scheme': 'http',
  accept: 'application/json',
  'accept-encoding': 'gzip, deflate, br',
  authorization: token,
  'content-type': 'application/json',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  'user-agent': 'shop-web/4.18.2 (node 24.21.0; linux)',
  'x-envoy-attempt-count': '1',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-proto': 'https',
  'x-request-id': 'f4a8f6c0-9b1e-4d8e-8a52-1c2d3e4f5a6b',
  'x-tenant': 'acme',
};

const checkRequestWith = (ownHeaders: Headers, certificate: string | undefined) => ({
  attributes: {
    source: {
      address: { socketAddress: { address: '10.8.3.21', portValue: 48122 } },
      principal: 'spiffe://shop.example/ns/shop/sa/web',
      ...(certificate !== undefined && { certificate }),
    },
    destination: {
      address: { socketAddress: { address: '10.8.5.9', portValue: 8080 } },
      principal: 'spiffe://shop.example/ns/shop/sa/orders',
    },
    request: {
      time: { seconds: 1_790_000_000, nanos: 123_456_000 },
      http: {
        id: '9141571841370842931',
        method: 'GET',
        headers: { ...headers, ...ownHeaders },
        path: '/orders/7?expand=lines',
        host: 'orders.shop.svc.cluster.local',
        scheme: 'http',
        size: -1,
        protocol: 'HTTP/1.1',
      },
    },
    contextExtensions: { service: 'orders' },
    metadataContext: {
      filterMetadata: {
        'envoy.filters.http.router': {
          fields: { cluster: { stringValue: 'outbound|8080||orders' } },
        },
      },
    },
  },
});
