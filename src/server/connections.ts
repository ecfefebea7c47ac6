import type { Socket } from 'node:net';
import { sendShutdownNotice } from './shutdown-notice.ts';

export interface ConnectionAge {
  /** When a connection is asked to end, within 10 %, so that they do not all end together. */
  readonly maxMs: number;
  /** How long its calls may then still take. */
  readonly graceMs: number;
}

/** The open connections of a server. */
export interface Connections {
  add(socket: Socket): void;
  count(): number;
  /** Asks every client to finish its calls and to leave. */
  askToLeave(): void;
  /** Resolves when all that are open now have closed. */
  closed(): Promise<void>;
  /** Closes them as they are. */
  destroy(): void;
}

/** The client's preface and the head of the settings that follow it (RFC 9113 §3.4). */
const prefaceBytes = 24 + 9;

export function createConnections(
  { maxMs, graceMs }: ConnectionAge,
  prefaceTimeoutMs: number,
): Connections {
  const open = new Map<Socket, Promise<void>>();

  function add(socket: Socket): void {
    let timer = setTimeout(
      () => {
        sendShutdownNotice(socket);
        timer = setTimeout(() => socket.destroy(), graceMs);
      },
      maxMs * (0.9 + 0.2 * Math.random()),
    );
    const silence = setTimeout(() => {
      if (socket.bytesRead < prefaceBytes) socket.destroy();
    }, prefaceTimeoutMs);
    // Whatever goes wrong with a socket closes it, and an error that nobody hears ends the process.
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        clearTimeout(timer);
        clearTimeout(silence);
        open.delete(socket);
        resolve();
      });
    });
    open.set(socket, closed);
  }

  return {
    add,
    count: () => open.size,
    askToLeave: () => {
      for (const socket of open.keys()) sendShutdownNotice(socket);
    },
    closed: async () => {
      await Promise.all(open.values());
    },
    destroy: () => {
      for (const socket of open.keys()) socket.destroy();
    },
  };
}
