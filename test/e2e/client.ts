import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http';
import { Agent, request } from 'node:https';
import type { Certificate } from './certificates.ts';
import type { Seen } from './upstream.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Asked {
  readonly path: string;
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** One caller, with one identity. Paths are sent as they are, without any normalisation. */
export interface Client {
  send(asked: Asked): Promise<Answer>;
  close(): void;
}

export function createClient(port: number, identity: Certificate | undefined): Client {
  const agent = new Agent({
    keepAlive: true,
    // The tests judge what the server makes of us; the server is ours.
    rejectUnauthorized: false,
    ...(identity === undefined
      ? {}
      : { cert: readFileSync(identity.certificate), key: readFileSync(identity.privateKey) }),
  });
  return {
    send: (asked) => send(port, agent, asked),
    close: () => {
      agent.destroy();
    },
  };
}

/** What the upstream saw of an allowed request. */
export function seenBy({ status, body }: Answer): Seen {
  if (status !== 200) throw new Error(`not an answer of the upstream: ${status} ${body}`);
  return JSON.parse(body) as Seen;
}

function send(port: number, agent: Agent, asked: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { path, method = 'GET', headers = {}, body } = asked;
    const options = { host: '127.0.0.1', port, agent, path, method, headers, timeout: 20_000 };
    const outgoing = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString('utf8'),
        });
      });
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no answer for ${path}`)));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
