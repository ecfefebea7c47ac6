import type { Socket } from 'node:net';
import type { Clock } from '../domain/clock.ts';
import type { TlsClient } from './tls/admission.ts';

export interface ConnectionAge {
  /** When a connection is asked to end, within 10 %, so that they do not all end together. */
  readonly maxMs: number;
  /** How long its calls may then still take. */
  readonly graceMs: number;
}

export interface Connection {
  readonly socket: Socket;
  /** Absent: plaintext. */
  readonly client?: TlsClient;
  /** Asks the client to finish its calls and to leave. */
  readonly askToLeave: () => void;
}

/** The open connections of a server. */
export interface Connections {
  add(connection: Connection): void;
  count(): number;
  /** Asks every client to finish its calls and to leave. */
  askToLeave(): void;
  /** Asks those that may not stay, and closes them when their calls took too long. */
  retire(mayStay: (client: TlsClient) => boolean): void;
  /** Resolves when all that are open now have closed. */
  closed(): Promise<void>;
  /** Closes them as they are. */
  destroy(): void;
}

/** The client's preface and the head of the settings that follow it (RFC 9113 §3.4). */
const prefaceBytes = 24 + 9;

interface OpenConnection extends Connection {
  readonly retire: () => void;
  readonly closed: Promise<void>;
}

export function createConnections(
  { maxMs, graceMs }: ConnectionAge,
  prefaceTimeoutMs: number,
  clock: Clock,
): Connections {
  const open = new Set<OpenConnection>();

  function add(connection: Connection): void {
    const { socket, client } = connection;
    const retire = (): void => {
      clearTimeout(timer);
      connection.askToLeave();
      timer = setTimeout(() => socket.destroy(), graceMs);
    };
    const ageMs = maxMs * (0.9 + 0.2 * Math.random());
    // A certificate that has expired lets nobody in, and keeps nobody in.
    const validMs = (client?.vouchers.expiresAtMs ?? Infinity) - clock.nowMs();
    let timer = setTimeout(retire, Math.max(0, Math.min(ageMs, validMs)));
    const silence = setTimeout(() => {
      if (socket.bytesRead < prefaceBytes) socket.destroy();
    }, prefaceTimeoutMs);
    // Whatever goes wrong with a socket closes it, and an error that nobody hears ends the process.
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        clearTimeout(timer);
        clearTimeout(silence);
        open.delete(added);
        resolve();
      });
    });
    const added: OpenConnection = { ...connection, retire, closed };
    open.add(added);
  }

  return {
    add,
    count: () => open.size,
    askToLeave: () => {
      for (const connection of open) connection.askToLeave();
    },
    retire: (mayStay) => {
      for (const { client, retire } of open) {
        if (client !== undefined && !mayStay(client)) retire();
      }
    },
    closed: async () => {
      await Promise.all([...open].map((connection) => connection.closed));
    },
    destroy: () => {
      for (const { socket } of open) socket.destroy();
    },
  };
}
