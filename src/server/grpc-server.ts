import { createServer, type Socket } from 'node:net';
import { Server, ServerCredentials, type ServerOptions } from '@grpc/grpc-js';
import type { OnFault } from './fault.ts';
import type { GrpcService } from './grpc-service.ts';
import { listen, type ListenAddress } from './listener.ts';
import { tolerateResets } from './rapid-reset.ts';

export interface GrpcServerOptions {
  readonly address: ListenAddress;
  /** Larger messages are the services' to answer, up to a hard cap; see `hardCapFactor`. */
  readonly maxMessageBytes: number;
  /** Per connection; more wait in the client. */
  readonly maxConcurrentStreams: number;
  readonly keepalive: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly connectionAge: { readonly maxMs: number; readonly graceMs: number };
  readonly drainTimeoutMs: number;
}

export interface GrpcServer {
  /** Resolves to the address listened on. Rejects with a sentence when it cannot be. */
  start(): Promise<ListenAddress>;
  /**
   * Stops: no new connections and calls, those in flight are finished, then everything is closed,
   * by force after `drainTimeoutMs`. Resolves when nothing is open any more; may be called again.
   */
  drain(): Promise<void>;
  /** How many connections are open. */
  connections(): number;
}

/**
 * A gRPC server. It accepts connections by itself and hands them to @grpc/grpc-js, which would
 * print its own messages for an address in use and cannot count or end what it holds.
 */
export function createGrpcServer(
  options: GrpcServerOptions,
  services: readonly GrpcService[],
  onFault: OnFault,
): GrpcServer {
  const grpc = new Server(transportOptions(options));
  tolerateResets(grpc);
  for (const { definition, implementation } of services) {
    grpc.addService(definition, implementation);
  }

  const transport = grpc.createConnectionInjector(transportCredentials());
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    transport.injectConnection(socket);
  });

  async function start(): Promise<ListenAddress> {
    const address = await listen(listener, options.address);
    listener.on('error', (fault) => {
      onFault('accepting a connection', fault);
    });
    return address;
  }

  function close(): Promise<void> {
    for (const service of services) service.drain?.();
    return new Promise((resolve) => {
      const force = setTimeout(() => {
        grpc.forceShutdown();
        for (const socket of sockets) socket.destroy();
      }, options.drainTimeoutMs);
      listener.close(() => {
        clearTimeout(force);
        resolve();
      });
      grpc.tryShutdown(() => {});
    });
  }

  let closed: Promise<void> | undefined;
  return {
    start,
    drain: () => (closed ??= close()),
    connections: () => sockets.size,
  };
}

/** Plaintext: what reaches the port is the network's to protect. */
function transportCredentials(): ServerCredentials {
  return ServerCredentials.createInsecure();
}

/**
 * The transport refuses a message by an RPC error, which is an allow to an Envoy with
 * `failure_mode_allow`. So it refuses only what is far too large to be read at all, and what is
 * just too large becomes a denial.
 */
const hardCapFactor = 4;

/** A peer that opens streams and reads no answers costs no more than this. */
const maxSessionMemoryMb = 64;

function transportOptions(options: GrpcServerOptions): ServerOptions {
  return {
    'grpc.max_receive_message_length': options.maxMessageBytes * hardCapFactor,
    'grpc.max_concurrent_streams': options.maxConcurrentStreams,
    'grpc.keepalive_time_ms': options.keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': options.keepalive.timeoutMs,
    'grpc.max_connection_age_ms': options.connectionAge.maxMs,
    'grpc.max_connection_age_grace_ms': options.connectionAge.graceMs,
    'grpc-node.max_session_memory': maxSessionMemoryMb,
    'grpc.enable_channelz': 0,
  };
}
