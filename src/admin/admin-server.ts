import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isLocalOnly, type ListenAddress } from '../domain/listen-address.ts';
import { boundConnections } from './bounded-connections.ts';
import { isMeantForLoopback } from './exposure.ts';
import type { AdminSources } from './facts.ts';
import { type AdminAnswer, plain } from './answers.ts';
import { readBody } from './read-body.ts';
import { answerRequest } from './routes.ts';

export interface AdminServerOptions extends AdminSources {
  readonly address: ListenAddress;
  /** What holds the token for commands; absent: there are none. */
  readonly tokenFile?: string;
  /** Binds a server to an address, and answers where it is; rejects with a sentence. */
  readonly listen: (server: Server, address: ListenAddress) => Promise<ListenAddress>;
  /** Somebody asked without the right token. */
  readonly onRefused: (peer: string) => void;
  /** What went wrong while a page was made; the asker learns only that something did. */
  readonly onFault: (error: unknown) => void;
}

export interface AdminServer {
  /** Listens, and answers where: the port is the system's choice when 0 was asked for. */
  start(): Promise<ListenAddress>;
  /** Answers what was asked, then closes; what takes longer than `graceMs` is cut off. */
  stop(graceMs?: number): Promise<void>;
}

/** Small, because the address may be within reach of everybody in the network. */
const serverLimits = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 2000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5000,
  connectionsCheckingInterval: 1000,
};
const maxConnections = 256;

export function createAdminServer(options: AdminServerOptions): AdminServer {
  const { address, onFault } = options;
  const server = createServer(serverLimits, (request, response) => {
    void respond(request, response, options);
  });
  boundConnections(server, maxConnections);

  return {
    async start() {
      const bound = await options.listen(server, address);
      server.on('error', onFault);
      return bound;
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

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  options: AdminServerOptions,
): Promise<void> {
  send(response, await answerSafely(request, options), request.method === 'HEAD');
}

async function answerSafely(
  request: IncomingMessage,
  { address, tokenFile, onRefused, onFault, ...sources }: AdminServerOptions,
): Promise<AdminAnswer> {
  const isLocal = isLocalOnly(address);
  if (isLocal && address.kind === 'tcp' && !isMeantForLoopback(request.headers.host)) {
    return plain(421, 'This address answers only to the names of this machine, such as localhost');
  }
  try {
    const { method = '', url: target = '', headers, socket } = request;
    const { authorization } = headers;
    const peer = socket.remoteAddress ?? 'this machine';
    const body = { readBody: () => readBody(request) };
    const question = { method, target, isLocal, authorization, peer, ...body };
    const answer = await answerRequest(question, sources, tokenFile);
    if (answer.status === 401) onRefused(peer);
    return answer;
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
