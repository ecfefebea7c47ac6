import { once } from 'node:events';
import { TLSSocket } from 'node:tls';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { type CertificateFacts, factsOf } from '../domain/identity/certificate-facts.ts';
import { peerCertificateOf } from '../domain/identity/peer-certificate.ts';
import type { RedisAddress, RedisSettings, RedisTls } from './redis-settings.ts';

export type RedisClient = Redis | Cluster;

/** Connects in the background, again and again. */
export function openRedisClient(settings: RedisSettings): RedisClient {
  const { servers } = settings;
  const options = nodeOptions(settings);
  switch (servers.kind) {
    case 'standalone': {
      const { url } = servers;
      return new Redis(url.startsWith('unix:') ? url.slice(5) : url, {
        ...options,
        ...reconnecting,
      });
    }
    case 'sentinel':
      return new Redis({
        ...options,
        ...reconnecting,
        ...sentinelOptions(settings),
        sentinels: servers.addresses.map(({ host, port }) => ({ host, port })),
        name: servers.master,
        sentinelUsername: servers.credentials?.username,
        sentinelPassword: servers.credentials?.password,
      });
    case 'cluster':
      return openCluster(servers.addresses, settings);
    default:
      return servers satisfies never;
  }
}

/**
 * Calls back each time that commands may be sent. A cluster is `ready` when it knows its nodes:
 * what is sent to those that are still being connected would fail.
 */
export function onUsable(client: RedisClient, usable: () => void): void {
  const whenTried = async (): Promise<void> => {
    const nodes = client instanceof Cluster ? client.nodes() : [];
    await Promise.all(nodes.map(untilTried));
    if (client.status === 'ready') usable();
  };
  client.on('ready', () => void whenTried());
}

/** Of those that it is connected to over TLS. */
export function serverCertificates(client: RedisClient): readonly CertificateFacts[] {
  const nodes = client instanceof Cluster ? client.nodes() : [client];
  return nodes.flatMap(({ stream }) => {
    const certificate = stream instanceof TLSSocket ? peerCertificateOf(stream) : undefined;
    return certificate === undefined ? [] : [factsOf(certificate)];
  });
}

/** Resolves when the node is connected, or could not be. */
async function untilTried(node: Redis): Promise<void> {
  if (node.status === 'ready') return;
  await Promise.race([once(node, 'ready'), once(node, 'close')]).catch(() => {});
}

/**
 * A command is sent at once and once, or it fails: by default ioredis keeps commands for later
 * and sends them again, so a request that was refused long ago would still be counted.
 */
function nodeOptions(settings: RedisSettings) {
  const { connectTimeoutMs, commandTimeoutMs, protocol, tls } = settings;
  return {
    ...settings.credentials,
    protocol,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: connectTimeoutMs,
    commandTimeout: commandTimeoutMs,
    // A server that hangs: after a few time-outs drop the connection, and with it what waits in it.
    socketTimeout: 4 * commandTimeoutMs,
    ...(tls && { tls: tlsOptions(tls) }),
  } satisfies RedisOptions;
}

const reconnecting = {
  retryStrategy: reconnectDelayMs,
  // After a failover the name leads to the new primary, but this connection still to the old one.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies RedisOptions;

function sentinelOptions({ connectTimeoutMs, tls }: RedisSettings) {
  return {
    sentinelCommandTimeout: connectTimeoutMs,
    // Without it the client gives up for good when no sentinel can be reached.
    sentinelRetryStrategy: reconnectDelayMs,
    ...(tls && { sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true }),
  } satisfies RedisOptions;
}

function openCluster(addresses: readonly RedisAddress[], settings: RedisSettings): Cluster {
  const cluster = new Cluster(
    addresses.map(({ host, port }) => ({ host, port })),
    {
      redisOptions: nodeOptions(settings),
      enableOfflineQueue: false,
      // It would ask any node, and start anew when that one is still being connected.
      enableReadyCheck: false,
      clusterRetryStrategy: reconnectDelayMs,
      clusterNodeRetryStrategy: reconnectDelayMs,
      // Only a redirection is sent again: it says that the command was not run.
      retryDelayOnFailover: 0,
      retryDelayOnClusterDown: 0,
      slotsRefreshInterval: 2000,
      slotsRefreshTimeout: settings.connectTimeoutMs,
      // Names are resolved by the connection, so that certificates are checked against them.
      dnsLookup: (name, callback) => {
        callback(null, name);
      },
    },
  );
  // Else the first command to a node would wait for the connection, and run after its time-out.
  cluster.on('+node', (node: Redis) => {
    node.connect().catch(() => {});
  });
  return cluster;
}

function tlsOptions({ ca, certificate, privateKey, serverName }: RedisTls) {
  return { ca, cert: certificate, key: privateKey, servername: serverName };
}

const firstDelayMs = 50;
const maxDelayMs = 2000;

/** Doubles, and is spread over half its length so that replicas do not come back all at once. */
function reconnectDelayMs(attempt: number): number {
  const delayMs = Math.min(firstDelayMs * 2 ** (attempt - 1), maxDelayMs);
  return delayMs * (1 - Math.random() / 2);
}
