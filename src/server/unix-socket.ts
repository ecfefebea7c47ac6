import { lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';

/**
 * Makes way for a socket: removes the one that a dead process left. Rejects when the path belongs
 * to a living process or to something that is not a socket, or when its directory is missing.
 */
export async function clearSocketPath(path: string): Promise<void> {
  const directory = await lstatIfAny(dirname(path));
  if (directory === undefined) throw new Error(`the directory ${dirname(path)} does not exist`);
  const present = await lstatIfAny(path);
  if (present === undefined) return;
  if (!present.isSocket()) throw new Error('a file that is not a socket is in the way: move it');
  if (await answers(path)) throw new Error('another program listens there already');
  await unlink(path);
}

async function lstatIfAny(path: string) {
  try {
    return await lstat(path);
  } catch (fault) {
    if (hasCode(fault, 'ENOENT')) return undefined;
    throw fault;
  }
}

/** Whether somebody accepts connections on a socket. Rejects when that cannot be told. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', (fault) => {
      if (hasCode(fault, 'ECONNREFUSED')) resolve(false);
      else reject(fault);
    });
  });
}

function hasCode(fault: unknown, code: string): boolean {
  return fault instanceof Error && 'code' in fault && fault.code === code;
}
