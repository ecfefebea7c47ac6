import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { CannotMeasure } from '../cannot-measure.ts';
import { grpcFrame, grpcPrefixBytes } from '../check-request.ts';

export interface GrpcLoad {
  readonly address: string;
  readonly path: string;
  readonly requests: number;
  readonly connections: number;
  readonly streams: number;
  /** Sent in turn: h2load, which is quicker, can send only one. */
  readonly messages: readonly Buffer[];
  /** Whether an answer says what is measured. A fast refusal is no figure. */
  readonly isRight: (answer: Buffer) => boolean;
}

const timeoutMs = 120_000;

/** Puts a load on a server, and rejects unless every answer is right. */
export async function putLoad(load: GrpcLoad): Promise<void> {
  const sessions = await Promise.all(
    Array.from({ length: load.connections }, async () => open(load.address)),
  );
  const timer = setTimeout(() => {
    for (const session of sessions) session.destroy(new CannotMeasure('the load took too long'));
  }, timeoutMs);
  try {
    let sent = 0;
    const ask = async (session: ClientHttp2Session): Promise<void> => {
      while (sent < load.requests) {
        const message = load.messages[sent % load.messages.length];
        sent += 1;
        if (message !== undefined) await askOnce(session, message, load);
      }
    };
    await Promise.all(
      sessions.flatMap((session) => Array.from({ length: load.streams }, () => ask(session))),
    );
  } finally {
    clearTimeout(timer);
    for (const session of sessions) session.close();
  }
}

/** The messages as they go over the wire, so that nothing is encoded under load. */
export function framed(messages: readonly Buffer[]): readonly Buffer[] {
  return messages.map(grpcFrame);
}

async function open(address: string): Promise<ClientHttp2Session> {
  const session = connect(`http://${address}`);
  await once(session, 'connect');
  return session;
}

function askOnce(
  session: ClientHttp2Session,
  message: Buffer,
  { path, isRight }: GrpcLoad,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      'content-type': 'application/grpc',
      te: 'trailers',
      // Envoy always sends one; long, because what a late answer does is not measured here.
      'grpc-timeout': '5S',
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('error', reject);
    stream.once('end', () => {
      const answer = Buffer.concat(chunks).subarray(grpcPrefixBytes);
      if (isRight(answer)) resolve();
      else reject(new CannotMeasure(`an answer under load is wrong: ${answer.toString('hex')}`));
    });
    stream.end(message);
  });
}
