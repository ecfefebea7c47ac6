import type { Socket } from 'node:net';

/**
 * GOAWAY with the highest stream ID and no error: "open no new calls here, all that you did open
 * count" (RFC 9113 §6.8). nghttp2, told to send any GOAWAY, refuses the calls that are still on
 * their way from the client, and a refused check is an RPC error, so an allow to an Envoy with
 * `failure_mode_allow`. Node has no call for its softer notice, hence the bytes.
 */
const goaway = Buffer.from('0000080700000000007fffffff00000000', 'hex');

/**
 * Asks the HTTP/2 client at the other end to finish its calls here and to connect anew. Node and
 * Envoy then close the connection themselves. Node's own frames are written whole, so this one
 * falls between two of them.
 */
export function sendShutdownNotice(socket: Socket): void {
  if (socket.writable) socket.write(goaway);
}
