import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type IssuerKey, keySetText } from './token-issuer.ts';

/** An issuer's HTTP server on loopback. It serves a key set, or misbehaves as the test wants. */
export class KeyServer {
  #server = createServer((request, response) => {
    this.requests += 1;
    this.respond(request, response);
  });
  #port = 0;
  requests = 0;
  respond: RequestListener = (_request, response) => response.writeHead(404).end();

  get url(): string {
    return `http://127.0.0.1:${this.#port}/jwks`;
  }

  /** At the address that it had, when it is started again. */
  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  publish(...keys: readonly IssuerKey[]): void {
    this.serve(keySetText(keys));
  }

  serve(text: string): void {
    this.respond = (_request, response) => response.end(text);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
