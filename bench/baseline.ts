/**
 * The yardstick: a grpc-js server that answers fixed bytes. It decodes nothing and decides
 * nothing, so what it costs is what any gRPC server on this Node must.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { checkPath, encodeFixedAllow } from './check-request.ts';

const [address = '127.0.0.1:0'] = process.argv.slice(2);
const answer = encodeFixedAllow();
const server = new Server();

server.addService(
  {
    Check: {
      path: checkPath,
      requestStream: false,
      responseStream: false,
      requestSerialize: unchanged,
      requestDeserialize: unchanged,
      responseSerialize: unchanged,
      responseDeserialize: unchanged,
    },
  },
  {
    Check: (_call: unknown, callback: (error: null, response: Buffer) => void) => {
      callback(null, answer);
    },
  },
);

server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}
