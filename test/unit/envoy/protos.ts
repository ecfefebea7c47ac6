import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import {
  loadSync,
  type MessageTypeDefinition,
  type Options,
  type PackageDefinition,
} from '@grpc/proto-loader';

const root = resolve(import.meta.dirname, '../../..');
const upstream = join(
  dirname(createRequire(import.meta.url).resolve('@grpc/grpc-js-xds/package.json')),
  'deps',
);

const files = ['envoy/service/auth/v3/external_auth.proto'];
const ourFolders = [join(root, 'proto')];
const upstreamFolders = ['envoy-api', 'xds', 'googleapis', 'protoc-gen-validate'].map((folder) =>
  join(upstream, folder),
);

/** Only what is on the wire, numbers as numbers: close to how we decode. */
const plain: Options = { longs: Number, enums: Number, defaults: false };

export const ourProtos = loadSync(files, { includeDirs: ourFolders, ...plain });
export const upstreamProtos = loadSync(files, { includeDirs: upstreamFolders, ...plain });

/** With the names of the .proto files, for comparing descriptors. */
export const ourDescriptors = loadSync([...files, 'grpc/health/v1/health.proto'], {
  includeDirs: ourFolders,
  keepCase: true,
});
export const upstreamDescriptors = loadSync(files, {
  includeDirs: upstreamFolders,
  keepCase: true,
});

interface Codec {
  encode(message: object): Buffer;
  decode(bytes: Uint8Array): object;
}

/** protobufjs' encoder and decoder of one message. */
export function codec(protos: PackageDefinition, name: string): Codec {
  const { serialize, deserialize } = protos[name] as MessageTypeDefinition<object, object>;
  return {
    encode: (message) => serialize(message),
    decode: (bytes) => deserialize(Buffer.from(bytes)),
  };
}

export const checkRequest = codec(ourProtos, 'envoy.service.auth.v3.CheckRequest');
export const checkResponse = codec(ourProtos, 'envoy.service.auth.v3.CheckResponse');
export const upstreamCheckRequest = codec(upstreamProtos, 'envoy.service.auth.v3.CheckRequest');
export const upstreamCheckResponse = codec(upstreamProtos, 'envoy.service.auth.v3.CheckResponse');
