import type { IncomingMessage } from 'node:http';

/** A server that takes the connection for another protocol, of which the client knows nothing. */
export function switchProtocols({ socket }: IncomingMessage): void {
  socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: other\r\n\r\n');
}
