import { formatAddress, type ListenAddress } from '../../src/domain/listen-address.ts';
import { connect, type ClientHttp2Session, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';
import type { TestContext } from 'node:test';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';

export const checkPath = '/envoy.service.auth.v3.Authorization/Check';

/** What a call came to, at the level of the RPC: bytes, or a status. */
export interface RpcOutcome {
  readonly status: number;
  readonly details: string;
  readonly message: Buffer | undefined;
}

/** A gRPC client that sends and receives bytes, so that it can send what is no message at all. */
export function byteClient(t: TestContext, address: ListenAddress) {
  const client = new Client(formatAddress(address), credentials.createInsecure(), {
    'grpc.enable_http_proxy': 0,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
  });
  t.after(() => client.close());

  function call(
    message: Buffer,
    { path = checkPath, timeoutMs = 5000 }: { path?: string; timeoutMs?: number } = {},
  ) {
    let settle: (outcome: RpcOutcome) => void;
    const outcome = new Promise<RpcOutcome>((resolve) => {
      settle = resolve;
    });
    const running = client.makeUnaryRequest(
      path,
      identity,
      identity,
      message,
      { deadline: Date.now() + timeoutMs },
      (fault: ServiceError | null, answered) => {
        settle({ status: fault?.code ?? 0, details: fault?.details ?? '', message: answered });
      },
    );
    return { outcome, cancel: () => running.cancel() };
  }

  return { call, send: (...parts: Parameters<typeof call>) => call(...parts).outcome };
}

const identity = (bytes: Buffer): Buffer => bytes;

/** A bare HTTP/2 connection, for what a gRPC client would not do. */
export async function http2Client(
  t: TestContext,
  address: ListenAddress,
): Promise<ClientHttp2Session> {
  const session = connect(
    address.kind === 'tcp' ? `http://${formatAddress(address)}` : 'http://localhost',
    address.kind === 'unix' ? { createConnection: () => connectSocket(address.path) } : {},
  );
  session.on('error', () => {});
  t.after(() => session.destroy());
  await new Promise<void>((resolve) => session.once('remoteSettings', () => resolve()));
  return session;
}

export function grpcFrame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Opens a Check on a bare connection; the message is sent, the answer left to the caller. */
export function openCheck(session: ClientHttp2Session, message: Buffer) {
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: checkPath,
    [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
    [constants.HTTP2_HEADER_TE]: 'trailers',
  });
  stream.on('error', () => {});
  stream.end(grpcFrame(message));
  return stream;
}

export const frameType = { headers: 1, rstStream: 3, settings: 4, goaway: 7 } as const;

interface Frame {
  readonly type: number;
  readonly streamId: number;
}

/**
 * HTTP/2 by hand, for what no client does on purpose: to open a call after it was asked to leave,
 * as one does whose call and whose farewell pass each other on the way.
 */
export function framesClient(t: TestContext, address: ListenAddress) {
  const socket = connectSocket(address.kind === 'tcp' ? address.port : 0, '127.0.0.1');
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  const received: Frame[] = [];
  let pending = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      received.push({ type: pending.readUInt8(3), streamId: pending.readUInt32BE(5) });
      acknowledge(pending.readUInt8(3), pending.readUInt8(4));
      pending = pending.subarray(9 + pending.readUIntBE(0, 3));
    }
  });

  function send(type: number, flags: number, streamId: number, payload: Buffer): void {
    const head = Buffer.alloc(9);
    head.writeUIntBE(payload.length, 0, 3);
    head.writeUInt8(type, 3);
    head.writeUInt8(flags, 4);
    head.writeUInt32BE(streamId, 5);
    socket.write(Buffer.concat([head, payload]));
  }

  /** Until then the server does not hold the client to its settings. */
  function acknowledge(type: number, flags: number): void {
    const ack = 1;
    if (type === frameType.settings && flags !== ack) {
      send(frameType.settings, ack, 0, Buffer.alloc(0));
    }
  }

  function openStream(streamId: number, message: Buffer): void {
    const endHeaders = 4;
    const endStream = 1;
    send(frameType.headers, endHeaders, streamId, Buffer.concat(requestHeaders.map(literalField)));
    send(0, endStream, streamId, grpcFrame(message));
  }

  function resetStream(streamId: number): void {
    const cancel = Buffer.from([0, 0, 0, 8]);
    send(frameType.rstStream, 0, streamId, cancel);
  }

  /** What `run` sends leaves together. */
  function inOneFlush(run: () => void): void {
    socket.cork();
    run();
    socket.uncork();
  }

  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  send(frameType.settings, 0, 0, Buffer.alloc(0));
  const has = (type: number, streamId: number): boolean =>
    received.some((frame) => frame.type === type && frame.streamId === streamId);
  return { openStream, resetStream, inOneFlush, has, isClosed: () => socket.destroyed };
}

const requestHeaders: readonly (readonly [string, string])[] = [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':authority', 'sallyport'],
  [':path', checkPath],
  ['content-type', 'application/grpc'],
  ['te', 'trailers'],
];

/** RFC 7541 §6.2.2: a literal field that is not indexed, without Huffman coding. */
function literalField([name, value]: readonly [string, string]): Buffer {
  return Buffer.concat([
    Buffer.from([0, name.length]),
    Buffer.from(name),
    Buffer.from([value.length]),
    Buffer.from(value),
  ]);
}
