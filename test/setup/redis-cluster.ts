import type { RedisAddress } from '../../src/shared-state/redis-settings.ts';
import { freePort } from './free-port.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

const masterCount = 3;
const slots = 16_384;

export interface RedisCluster {
  readonly masters: readonly RedisServer[];
  /** The replica of each master, in their order; empty unless asked for. */
  readonly replicas: readonly RedisServer[];
  /** Of the masters. */
  readonly addresses: readonly RedisAddress[];
  remove(): Promise<void>;
}

interface Node {
  readonly server: RedisServer;
  readonly address: RedisAddress;
  readonly busPort: number;
}

/** Three masters on loopback, each with a third of the slots. */
export async function startRedisCluster(options: readonly string[] = []): Promise<RedisCluster> {
  return start(await nodesWith(options, masterCount));
}

/** The same with a replica for each, which takes over when a master is gone for half a second. */
export async function startReplicatedCluster(): Promise<RedisCluster> {
  const quick = ['--cluster-node-timeout', '500', '--repl-diskless-sync-delay', '0'];
  // However long ago it heard of its master: the machine may have stalled.
  const willing = ['--cluster-replica-validity-factor', '0'];
  const cluster = await start(await nodesWith([...quick, ...willing], 2 * masterCount));
  try {
    for (const [index, replica] of cluster.replicas.entries()) {
      await follow(replica, cluster.masters[index]);
    }
  } catch (error) {
    await cluster.remove();
    throw error;
  }
  return cluster;
}

async function nodesWith(options: readonly string[], count: number): Promise<readonly Node[]> {
  const ports = await Promise.all(Array.from({ length: 2 * count }, freePort));
  return ports.slice(0, count).map((port, index) => {
    const busPort = ports[count + index] ?? 0;
    const listen = ['--bind', '127.0.0.1', '--port', String(port)];
    const bus = ['--cluster-enabled', 'yes', '--cluster-port', String(busPort)];
    const timeout = ['--cluster-node-timeout', '2000'];
    const server = new RedisServer([...listen, ...bus, ...timeout, ...options]);
    return { server, address: { host: '127.0.0.1', port }, busPort };
  });
}

async function start(nodes: readonly Node[]): Promise<RedisCluster> {
  const remove = async (): Promise<void> => {
    await Promise.all(nodes.map(async ({ server }) => server.remove()));
  };
  try {
    await Promise.all(nodes.map(async ({ server }) => server.start()));
    await form(nodes);
  } catch (error) {
    await remove();
    throw error;
  }
  const servers = nodes.map(({ server }) => server);
  return {
    masters: servers.slice(0, masterCount),
    replicas: servers.slice(masterCount),
    addresses: nodes.slice(0, masterCount).map(({ address }) => address),
    remove,
  };
}

async function form(nodes: readonly Node[]): Promise<void> {
  const [first] = nodes;
  for (const [index, { server }] of nodes.slice(0, masterCount).entries()) {
    await server.command('CLUSTER', 'ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1);
  }
  for (const { address, busPort } of nodes) {
    await first?.server.command('CLUSTER', 'MEET', address.host, address.port, busPort);
  }
  const isWhole = `cluster_known_nodes:${nodes.length}`;
  for (const { server } of nodes) {
    await untilSays(server, ['CLUSTER', 'INFO'], ['cluster_state:ok', isWhole]);
  }
}

async function follow(replica: RedisServer, master: RedisServer | undefined): Promise<void> {
  const id = String(await master?.command('CLUSTER', 'MYID'));
  await replica.command('CLUSTER', 'REPLICATE', id);
  await untilSays(replica, ['INFO', 'replication'], ['role:slave', 'master_link_status:up']);
}

function firstSlot(index: number): number {
  return Math.floor((index * slots) / masterCount);
}

async function untilSays(
  server: RedisServer,
  [command, about]: readonly [string, string],
  words: readonly string[],
): Promise<void> {
  await until(`the Redis Cluster says ${words.join(', ')}`, async () => {
    const said = String(await server.command(command, about));
    return words.every((word) => said.includes(word));
  });
}
