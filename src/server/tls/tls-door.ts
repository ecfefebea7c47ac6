import { AsyncLocalStorage } from 'node:async_hooks';
import type { Socket } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { systemClock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/fault-message.ts';
import { admit, refusalOf, type TlsClient, type Trust } from './admission.ts';
import { type Arrival, arrivalOf, Arrivals, type HandshakeBounds } from './arrivals.ts';
import { failureOf, type Refusal } from './handshake-failure.ts';
import { judgePeersOf } from './peer-chain.ts';

export interface RefusedConnection extends Refusal {
  /** The network that it came from, or `unix`. */
  readonly source: string;
}

export interface TlsDoorOptions {
  readonly trust: Trust;
  /** Told of every connection that was not let in. Must not throw. */
  readonly onRefused: (refused: RefusedConnection) => void;
  /** How long a handshake may take. Default 5 s. */
  readonly handshakeTimeoutMs?: number;
  readonly handshakes?: Partial<HandshakeBounds>;
}

export interface TlsDoor {
  /** Takes a connection that was accepted; it comes in, or is closed and told of. */
  readonly receive: (socket: Socket) => void;
  /** For every handshake that begins from now on, and every one that is under way. */
  use(trust: Trust): void;
  /** Whether one who was let in would be let in now. */
  mayStay(client: TlsClient): boolean;
  /** Closes what has not come in yet. */
  close(): void;
}

interface Handshake extends Arrival {
  /** What it is verified with. */
  readonly trust: Trust;
}

const overloaded: Refusal = { cause: 'overloaded', detail: 'too many handshakes' };
const gone: Refusal = { cause: 'closed', detail: 'the peer left before the handshake was done' };

/** In a second a tenth of a core for one network, and a third for all. */
const defaultHandshakes: HandshakeBounds = {
  max: 1024,
  maxPerSource: 512,
  maxPerSecond: 1000,
  maxPerSourceAndSecond: 250,
};

/**
 * Lets in over TLS who shows a certificate of a known authority and an allowed SPIFFE ID. Everybody
 * else is closed out before a byte of HTTP/2 is read.
 */
export function createTlsDoor(
  { trust, onRefused, handshakeTimeoutMs = 5000, handshakes = {} }: TlsDoorOptions,
  enter: (socket: TLSSocket, client: TlsClient) => void,
): TlsDoor {
  let current = trust;
  const arrivals = new Arrivals({ ...defaultHandshakes, ...handshakes }, systemClock);
  // tls.Server does not say which of its connections an event is of; the context of the event does.
  const context = new AsyncLocalStorage<Handshake>();
  const tls = createMutualTlsServer(trust, handshakeTimeoutMs);

  const settle = (refusal: Refusal | undefined, arrival = context.getStore()): void => {
    if (arrival === undefined || !arrivals.settle(arrival)) return;
    if (refusal !== undefined) onRefused({ ...refusal, source: arrival.source });
  };

  tls.on('secureConnection', (socket) => {
    const admitted = admitSafely(socket, context.getStore()?.trust ?? current, current);
    const isRefused = 'cause' in admitted;
    settle(isRefused ? admitted : undefined);
    if (isRefused) socket.destroy();
    else enter(socket, admitted);
  });
  tls.on('tlsClientError', (fault, socket) => {
    settle(failureOf(fault));
    socket.destroy();
  });

  function receive(socket: Socket): void {
    const arrival = { ...arrivalOf(socket), trust: current };
    if (!arrivals.add(arrival)) {
      onRefused({ ...overloaded, source: arrival.source });
      socket.destroy();
      return;
    }
    // It closes the socket, and if nobody heard it would end the process.
    socket.on('error', () => {});
    socket.once('close', () => {
      settle(gone, arrival);
    });
    context.run(arrival, () => tls.emit('connection', socket));
  }

  function use(renewed: Trust): void {
    tls.setSecureContext(renewed.credentials.contextOptions);
    current = renewed;
  }

  return {
    receive,
    use,
    mayStay: (client) => refusalOf(client, current) === undefined,
    close: () => {
      arrivals.destroy();
    },
  };
}

/** What nobody foresaw of a certificate is no reason to let in, nor to end the process. */
function admitSafely(socket: TLSSocket, begun: Trust, now: Trust): TlsClient | Refusal {
  try {
    return admit(socket, begun, now, systemClock.nowMs());
  } catch (fault) {
    return { cause: 'other', detail: messageOf(fault) };
  }
}

function createMutualTlsServer({ credentials }: Trust, handshakeTimeout: number): Server {
  const server = createServer({
    ...credentials.contextOptions,
    requestCert: true,
    // With true Node refuses for itself, and does not say why: `admit` refuses, and does.
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout,
  });
  judgePeersOf(server);
  return server;
}
