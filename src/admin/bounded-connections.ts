import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Keeps at most `maxOpen` connections, and a newcomer takes the place of the one that has been
 * quiet the longest: whoever holds connections without asking cannot keep a probe out.
 */
export function boundConnections(server: Server, maxOpen: number): void {
  /** In the order in which they last asked, or came. */
  const open = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const [quietest] = open;
    if (open.size > maxOpen) quietest?.destroy();
  });
  server.on('request', ({ socket }) => {
    if (open.delete(socket)) open.add(socket);
  });
}
