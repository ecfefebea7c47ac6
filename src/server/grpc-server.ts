import { createServer } from 'node:net';
import { Server, type ServerOptions } from '@grpc/grpc-js';
import { systemClock } from '../domain/clock.ts';
import type { ListenAddress } from '../domain/listen-address.ts';
import { createConnections } from './connections.ts';
import { createEntrance } from './entrance.ts';
import type { OnFault } from './on-fault.ts';
import type { GrpcService } from './grpc-service.ts';
import { listen } from './listener.ts';
import { tolerateResets } from './rapid-reset.ts';
import type { Trust } from './tls/admission.ts';
import { createTlsDoor, type TlsDoorOptions } from './tls/tls-door.ts';

export interface GrpcServerOptions {
  readonly address: ListenAddress;
  /** Larger messages are the services' to answer, up to a hard cap; see `hardCapFactor`. */
  readonly maxMessageBytes: number;
  /** Per connection; more wait in the client. */
  readonly maxConcurrentStreams: number;
  readonly keepalive: { readonly intervalMs: number; readonly timeoutMs: number };
  readonly connectionAge: { readonly maxMs: number; readonly graceMs: number };
  readonly drainTimeoutMs: number;
  /** How many may be open; more are closed at once. Default 10,000: far more than there are Envoys. */
  readonly maxConnections?: number;
  /** How long a new connection may take to begin to speak HTTP/2. Default 10 s. */
  readonly prefaceTimeoutMs?: number;
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
  /**
   * With TLS: whom to trust from now on. Connections of others are asked to leave, and closed after
   * `connectionAge.graceMs`.
   */
  useTrust(trust: Trust): void;
}

/**
 * A gRPC server. It accepts connections itself and hands them to @grpc/grpc-js, which would not
 * say why it cannot listen, and loses calls when it ends a connection.
 */
export function createGrpcServer(
  options: GrpcServerOptions,
  services: readonly GrpcService[],
  onFault: OnFault,
  tls?: TlsDoorOptions,
): GrpcServer {
  const grpc = new Server(transportOptions(options));
  tolerateResets(grpc);
  for (const { definition, implementation } of services) {
    grpc.addService(definition, implementation);
  }

  const { connectionAge, prefaceTimeoutMs = 10_000, maxConnections = 10_000 } = options;
  const connections = createConnections(connectionAge, prefaceTimeoutMs, systemClock);
  const entrance = createEntrance(grpc, connections, connectionAge.graceMs);
  const door = tls && createTlsDoor(tls, entrance.enterOverTls);
  const listener = createServer(door?.receive ?? entrance.enter);
  listener.maxConnections = maxConnections;

  async function start(): Promise<ListenAddress> {
    const address = await listen(listener, options.address);
    listener.on('error', (fault) => {
      onFault('accepting a connection', fault);
    });
    return address;
  }

  async function close(): Promise<void> {
    for (const service of services) service.drain?.();
    listener.close();
    door?.close();
    connections.askToLeave();
    const closed = connections.closed();
    const insist = setTimeout(() => grpc.tryShutdown(() => {}), noticeMs);
    const force = setTimeout(() => connections.destroy(), options.drainTimeoutMs);
    await closed;
    clearTimeout(insist);
    clearTimeout(force);
    grpc.forceShutdown();
  }

  let closing: Promise<void> | undefined;
  return {
    start,
    drain: () => (closing ??= close()),
    connections: () => connections.count(),
    useTrust: (trust) => {
      door?.use(trust);
      connections.retire((client) => door?.mayStay(client) === true);
    },
  };
}

/** For clients to read the notice and for what they had sent before to arrive: many round trips. */
const noticeMs = 500;

/**
 * The transport refuses a message by an RPC error, which is an allow to an Envoy with
 * `failure_mode_allow`. So it refuses only what is far too large to be read at all, and what is
 * just too large becomes a denial. Unfinished messages wait in memory, one a stream: hence not more.
 */
const hardCapFactor = 2;

/** A peer that opens streams and reads no answers costs no more than this. */
const maxSessionMemoryMb = 64;

function transportOptions(options: GrpcServerOptions): ServerOptions {
  return {
    'grpc.max_receive_message_length': options.maxMessageBytes * hardCapFactor,
    'grpc.max_concurrent_streams': options.maxConcurrentStreams,
    'grpc.keepalive_time_ms': options.keepalive.intervalMs,
    'grpc.keepalive_timeout_ms': options.keepalive.timeoutMs,
    'grpc-node.max_session_memory': maxSessionMemoryMb,
    'grpc.enable_channelz': 0,
  };
}
