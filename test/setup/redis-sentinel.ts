import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RedisServers } from '../../src/shared-state/redis-settings.ts';
import { freePort } from './free-port.ts';
import { RedisServer } from './redis-server.ts';
import { until } from './until.ts';

const master = 'limits';

export interface SentinelGroup {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly servers: RedisServers;
  remove(): Promise<void>;
}

/** A primary, a replica, and a sentinel that sees a dead primary after a second. */
export async function startSentinelGroup(): Promise<SentinelGroup> {
  const [primaryPort = 0, replicaPort = 0, sentinelPort = 0, deadPort = 0] = await Promise.all(
    Array.from({ length: 4 }, freePort),
  );
  const primary = new RedisServer(listenOn(primaryPort));
  const replica = new RedisServer([
    ...listenOn(replicaPort),
    '--replicaof',
    `127.0.0.1 ${primaryPort}`,
    '--repl-diskless-sync-delay',
    '0',
  ]);
  const sentinel = new RedisServer(listenOn(sentinelPort), sentinelFile(primaryPort));
  const remove = async (): Promise<void> => {
    await Promise.all([sentinel, replica, primary].map(async (server) => server.remove()));
  };
  await primary.start();
  await replica.start();
  // A sentinel asks for replicas every ten seconds: it must see this one at its first look.
  await until('the replica follows', async () =>
    String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
  );
  await sentinel.start();
  await until('the sentinel knows the replica', async () => {
    const replicas = await sentinel.command('SENTINEL', 'REPLICAS', master);
    return Array.isArray(replicas) && replicas.length === 1;
  });
  const host = '127.0.0.1';
  const addresses = [deadPort, sentinelPort].map((port) => ({ host, port }));
  return { primary, replica, servers: { kind: 'sentinel', addresses, master }, remove };
}

/** Sentinel keeps what it learns in its configuration file. */
function sentinelFile(primaryPort: number): (directory: string) => readonly string[] {
  return (directory) => {
    const file = join(directory, 'sentinel.conf');
    const settings = [
      `sentinel monitor ${master} 127.0.0.1 ${primaryPort} 1`,
      `sentinel down-after-milliseconds ${master} 1000`,
      `sentinel failover-timeout ${master} 3000`,
    ];
    writeFileSync(file, `${settings.join('\n')}\n`);
    return [file, '--sentinel'];
  };
}

function listenOn(port: number): readonly string[] {
  return ['--bind', '127.0.0.1', '--port', String(port)];
}
