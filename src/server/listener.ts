import { chmod } from 'node:fs/promises';
import type { Server } from 'node:net';
import { messageOf } from '../domain/fault-message.ts';
import { formatAddress, type ListenAddress } from '../domain/listen-address.ts';
import { clearSocketPath } from './unix-socket.ts';

/** Owner and group: Envoy beside us runs as another user of one group, everybody else stays out. */
const socketMode = 0o660;

/**
 * Listens; resolves to what is listened on, with the port that the system picked for port 0.
 * Rejects with a sentence that says what is wrong and what to do.
 */
export async function listen(server: Server, address: ListenAddress): Promise<ListenAddress> {
  try {
    if (address.kind === 'unix') await clearSocketPath(address.path);
    await bound(server, address);
    if (address.kind === 'unix') await chmod(address.path, socketMode);
  } catch (fault) {
    throw new Error(`cannot listen on ${formatAddress(address)}: ${reasonOf(fault)}`, {
      cause: fault,
    });
  }
  const actual = server.address();
  return address.kind === 'tcp' && typeof actual === 'object' && actual !== null
    ? { ...address, port: actual.port }
    : address;
}

function bound(server: Server, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address.kind === 'unix' ? { path: address.path } : address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EACCES: 'this user may not (a port below 1024, or a directory that it cannot write to)',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'that host name is not known',
};

function reasonOf(fault: unknown): string {
  const code = fault instanceof Error && 'code' in fault ? String(fault.code) : '';
  return reasons[code] ?? messageOf(fault);
}
