import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and may hold back, cut, or swallow what goes through. */
export class TcpProxy {
  readonly #target: string;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  /** For which answers are held back. Infinity: the wire is dead, and nobody is told. */
  delayMs = 0;

  /** `target` is the path of a unix socket. */
  constructor(target: string) {
    this.#target = target;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** Again on the same port after {@link cut}. */
  async open(): Promise<this> {
    const server = createServer((client) => {
      this.#join(client);
    }).listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address !== 'string') this.#port = address.port;
    this.#server = server;
    return this;
  }

  /** Ends every connection, and refuses new ones. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  #join(client: Socket): void {
    const upstream = connect(this.#target);
    const held: NodeJS.Timeout[] = [];
    upstream.on('data', (data) => {
      if (this.delayMs === 0) client.write(data);
      else if (this.delayMs < Infinity) {
        held.push(setTimeout(() => client.writable && client.write(data), this.delayMs));
      }
    });
    client.on('data', (data) => upstream.write(data));
    for (const socket of [client, upstream]) {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        for (const timer of held) clearTimeout(timer);
        client.destroy();
        upstream.destroy();
        this.#sockets.delete(socket);
      });
    }
  }
}
