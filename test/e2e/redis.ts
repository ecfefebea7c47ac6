import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { requireTool } from '../setup/find-tool.ts';
import { type RunningProcess, startProcess, waitFor } from './child-process.ts';

export interface Redis {
  /** For `redis.url` in sallyport.yaml. */
  readonly url: string;
  readonly process: RunningProcess;
}

/** A real Redis on a unix socket in the folder given; started anew there, it is the same to clients. */
export async function startRedis(directory: string): Promise<Redis> {
  const socket = join(directory, 'redis.sock');
  const listen = ['--port', '0', '--unixsocket', socket];
  const keepNothing = ['--save', '', '--appendonly', 'no', '--dir', directory];
  const program = startProcess(requireTool('redis-server'), [...listen, ...keepNothing]);
  await waitFor('Redis ready', () => readyTo(program, socket), { program });
  return { url: `unix:${socket}`, process: program };
}

function readyTo(program: RunningProcess, socket: string): true | undefined {
  return program.stdout().includes('ready to accept') && existsSync(socket) ? true : undefined;
}
