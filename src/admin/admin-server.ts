import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import { type AdminAddress, isLocalOnly, isMeantForLoopback } from './exposure.ts';
import type { AdminSources } from './facts.ts';
import { type AdminAnswer, answerRequest, plain } from './routes.ts';
import { removeStaleSocket } from './stale-socket.ts';

export interface AdminServerOptions extends AdminSources {
  readonly address: AdminAddress;
  /** What went wrong while a page was made; the asker learns only that something did. */
  readonly onFault: (error: unknown) => void;
}

export interface AdminServer {
  /** Listens, and answers where: the port is the system's choice when 0 was asked for. */
  start(): Promise<AdminAddress>;
  /** Answers what was asked, then closes; what takes longer than `graceMs` is cut off. */
  stop(graceMs?: number): Promise<void>;
}

/** Small, because the address may be within reach of everybody in the network. */
const serverLimits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const maxConnections = 64;

export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { address, onFault } = options;
  const server = createServer(serverLimits, (request, response) => {
    void respond(request, response, options);
  });
  server.maxConnections = maxConnections;

  return {
    async start() {
      if (address.kind === 'unix') await removeStaleSocket(address.path);
      server.listen(
        address.kind === 'unix'
          ? { path: address.path }
          : { host: address.host, port: address.port },
      );
      await once(server, 'listening');
      server.on('error', onFault);
      return boundAddress(server, address);
    },
    async stop(graceMs = 1000) {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

function boundAddress(server: Server, asked: AdminAddress): AdminAddress {
  const bound = server.address();
  if (asked.kind === 'unix' || bound === null || typeof bound === 'string') return asked;
  return { kind: 'tcp', host: bound.address, port: bound.port };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminServerOptions,
): Promise<void> {
  send(response, await answerSafely(request, options), request.method === 'HEAD');
}

async function answerSafely(
  request: IncomingMessage,
  { address, onFault, ...sources }: AdminServerOptions,
): Promise<AdminAnswer> {
  const isLocal = isLocalOnly(address);
  if (isLocal && address.kind === 'tcp' && !isMeantForLoopback(request.headers.host)) {
    return plain(421, 'This address answers only to the names of this machine, such as localhost');
  }
  try {
    const { method = '', url: target = '' } = request;
    return await answerRequest({ method, target, isLocal }, sources);
  } catch (error) {
    onFault(error);
    return plain(500, 'This page could not be made; the log says why');
  }
}

function send(response: ServerResponse, answer: AdminAnswer, withoutBody: boolean): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    ...answer.headers,
  });
  response.end(withoutBody ? undefined : answer.body);
}
