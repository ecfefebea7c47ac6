/**
 * Speaks mutual TLS for h2load, which has no certificate to show: what comes in on one address goes
 * out to the other. A process of its own, so that only the server's side is measured.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { connect } from 'node:tls';

const [from = '', to = '', certificate = '', privateKey = '', authority = ''] =
  process.argv.slice(2);
const identity = {
  cert: readFileSync(certificate),
  key: readFileSync(privateKey),
  ca: readFileSync(authority),
};

const road = createServer({ noDelay: true }, (client) => {
  const options = { ...portAndHost(to), ...identity, servername: 'sallyport' };
  const server = connect({ ...options, ALPNProtocols: ['h2'] });
  server.setNoDelay(true);
  client.pipe(server).pipe(client);
  client.on('error', () => server.destroy()).on('close', () => server.destroy());
  server.on('error', () => client.destroy()).on('close', () => client.destroy());
});
road.listen(portAndHost(from));

function portAndHost(address: string): { host: string; port: number } {
  const [host = '', port] = address.split(':');
  return { host, port: Number(port) };
}
