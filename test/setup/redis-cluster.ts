import { setTimeout as sleep } from 'node:timers/promises';
import type { RedisAddress } from '../../src/shared-state/redis-settings.ts';
import { freePort } from './free-port.ts';
import { RedisServer } from './redis-server.ts';

const masters = 3;
const slots = 16_384;
const formedWithinMs = 20_000;

export interface RedisCluster {
  readonly nodes: readonly RedisServer[];
  readonly addresses: readonly RedisAddress[];
  remove(): Promise<void>;
}

/** Three masters on loopback, each with a third of the slots. */
export async function startRedisCluster(options: readonly string[] = []): Promise<RedisCluster> {
  const ports = await Promise.all(Array.from({ length: 2 * masters }, freePort));
  const addresses = ports.slice(0, masters).map((port) => ({ host: '127.0.0.1', port }));
  const nodes = addresses.map(({ host, port }, index) => {
    const listen = ['--bind', host, '--port', String(port)];
    const bus = ['--cluster-enabled', 'yes', '--cluster-port', String(ports[masters + index])];
    return new RedisServer([...listen, ...bus, '--cluster-node-timeout', '2000', ...options]);
  });
  const remove = async (): Promise<void> => {
    await Promise.all(nodes.map(async (node) => node.remove()));
  };
  try {
    await Promise.all(nodes.map(async (node) => node.start()));
    await form(nodes, addresses, ports.slice(masters));
  } catch (error) {
    await remove();
    throw error;
  }
  return { nodes, addresses, remove };
}

async function form(
  nodes: readonly RedisServer[],
  addresses: readonly RedisAddress[],
  busPorts: readonly number[],
): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    await node.command('CLUSTER', 'ADDSLOTSRANGE', firstSlot(index), firstSlot(index + 1) - 1);
  }
  for (const [index, { host, port }] of addresses.entries()) {
    await nodes[0]?.command('CLUSTER', 'MEET', host, port, busPorts[index] ?? 0);
  }
  for (const node of nodes) await untilFormed(node);
}

function firstSlot(index: number): number {
  return Math.floor((index * slots) / masters);
}

async function untilFormed(node: RedisServer): Promise<void> {
  const endMs = performance.now() + formedWithinMs;
  while (!String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok')) {
    if (performance.now() > endMs) throw new Error('the Redis Cluster was not formed');
    await sleep(50);
  }
}
