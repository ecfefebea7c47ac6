import type { Socket } from 'node:net';
import { type Server, ServerCredentials } from '@grpc/grpc-js';
import type { Connections } from './connections.ts';
import { sendShutdownNotice } from './shutdown-notice.ts';
import type { TlsClient } from './tls/admission.ts';

/** Hands connections to the transport, each with its way to be asked to leave. */
export interface Entrance {
  readonly enter: (socket: Socket) => void;
  readonly enterOverTls: (socket: Socket, client: TlsClient) => void;
}

export function createEntrance(grpc: Server, connections: Connections, graceMs: number): Entrance {
  const plain = createTransport(grpc);

  function enter(socket: Socket): void {
    const askToLeave = (): void => {
      sendShutdownNotice(socket);
    };
    connections.add({ socket, askToLeave });
    plain.injectConnection(socket);
  }

  /**
   * With a transport of its own, because only a transport can be asked to leave. The notice cannot
   * be sent by hand here: Node ends the process when two write to a TLS socket at once. So calls on
   * their way are refused, as RFC 9113 §6.8 has it: safe to try again, which Envoy is told to.
   */
  function enterOverTls(socket: Socket, client: TlsClient): void {
    const own = createTransport(grpc);
    const askToLeave = (): void => {
      own.drain(graceMs);
    };
    connections.add({ socket, client, askToLeave });
    socket.once('close', () => {
      own.destroy();
    });
    own.injectConnection(socket);
  }

  return { enter, enterOverTls };
}

/** What arrives here is plaintext: TLS, if any, ended at the door. */
function createTransport(grpc: Server) {
  return grpc.createConnectionInjector(ServerCredentials.createInsecure());
}
