import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from '../setup/find-tool.ts';
import { type RunningProcess, startProcess, waitFor } from './child-process.ts';

export interface Envoy {
  readonly process: RunningProcess;
  /** The port that the system picked for a listener. */
  port(listener: string): number;
  /** One of Envoy's counters and gauges; 0 when it has none of that name. */
  stat(name: string): Promise<number>;
  stop(): Promise<void>;
}

interface ListenerStatus {
  readonly name: string;
  readonly local_address: { readonly socket_address: { readonly port_value: number } };
}

/** Starts a real Envoy with a bootstrap configuration whose ports are all 0. */
export async function startEnvoy(directory: string, bootstrap: object): Promise<Envoy> {
  const configuration = join(directory, 'envoy.json');
  const adminAddress = join(directory, 'envoy-admin');
  writeFileSync(configuration, JSON.stringify(bootstrap, null, 2));
  const files = ['--config-path', configuration, '--admin-address-path', adminAddress];
  const flags = ['--disable-hot-restart', '--concurrency', '1'];
  const logs = ['--log-level', 'warn', '--file-flush-interval-msec', '100'];
  const program = startProcess(requireTool('envoy'), [...files, ...flags, ...logs]);
  const admin = await waitFor('Envoy ready', () => readyAdmin(adminAddress), { program });
  const ports = await listenerPorts(admin);
  return {
    process: program,
    port: (listener) => ports.get(listener) ?? 0,
    stat: (name) => readStat(admin, name),
    stop: async () => {
      await program.stop();
    },
  };
}

async function readyAdmin(addressPath: string): Promise<string | undefined> {
  try {
    const admin = `http://${readFileSync(addressPath, 'utf8').trim()}`;
    return (await fetch(`${admin}/ready`)).ok ? admin : undefined;
  } catch {
    return undefined;
  }
}

async function listenerPorts(admin: string): Promise<Map<string, number>> {
  const response = await fetch(`${admin}/listeners?format=json`);
  const { listener_statuses: listeners } = (await response.json()) as {
    listener_statuses: ListenerStatus[];
  };
  return new Map(
    listeners.map(({ name, local_address: address }) => [name, address.socket_address.port_value]),
  );
}

async function readStat(admin: string, name: string): Promise<number> {
  const text = await (await fetch(`${admin}/stats?filter=^${name}$`)).text();
  return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
}
