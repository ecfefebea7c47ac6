import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { messageOf } from '../domain/fault-message.ts';
import type { JsonObject } from '../domain/json.ts';
import { formatAddress, type ListenAddress } from '../domain/listen-address.ts';

export interface AdminCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  /** Absent for routes that need none on the server's own machine. */
  readonly token?: string | undefined;
  readonly body?: JsonObject | undefined;
}

export interface AdminReply {
  readonly status: number;
  readonly body: string;
}

/** A rollback to a policy with much data takes a while. */
const timeoutMs = 60_000;

/** Asks a server's admin address. Rejects with a sentence when it does not answer. */
export async function askAdmin(address: ListenAddress, call: AdminCall): Promise<AdminReply> {
  try {
    const response = await send(address, call);
    return { status: response.statusCode ?? 0, body: await text(response) };
  } catch (error) {
    const reason = messageOf(error);
    throw new Error(`the admin address ${formatAddress(address)} did not answer: ${reason}`, {
      cause: error,
    });
  }
}

function send(
  address: ListenAddress,
  { token, body, ...call }: AdminCall,
): Promise<IncomingMessage> {
  const target =
    address.kind === 'unix'
      ? { socketPath: address.path }
      : { host: address.host, port: address.port };
  return new Promise((resolve, reject) => {
    request(
      {
        ...target,
        ...call,
        agent: false,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
        signal: AbortSignal.timeout(timeoutMs),
      },
      resolve,
    )
      .on('error', reject)
      .end(body && JSON.stringify(body));
  });
}
