import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { connect, type TLSSocket } from 'node:tls';
import { parse } from 'yaml';
import {
  type Bootstrap,
  connectionManager,
  listAt,
  loopback,
  objectAt,
  snippetOf,
} from './bootstrap.ts';
import { billing, type Road, startRoad, web } from './road.ts';

const bundle = join(import.meta.dirname, '../fixtures/bundles/tunnels.tar.gz');

describe('what is no ordinary request', () => {
  let road: Road;
  let echo: Server;

  before(async () => {
    echo = createServer((socket) => socket.pipe(socket).on('error', () => undefined));
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const { port } = echo.address() as AddressInfo;
    const edit = (bootstrap: Bootstrap): void => {
      addEcho(bootstrap, port);
      addEventsListener(bootstrap);
      allowConnect(bootstrap);
    };
    road = await startRoad({ transport: 'unix', bundle, edit });
  });

  after(async () => {
    await road.stop();
    echo.close();
  });

  test('a TCP connection of an allowed caller is let through', async () => {
    assert.equal(await say('events', web, 'hello'), 'hello');
  });

  test('a TCP connection that the policy does not allow is closed', async () => {
    assert.equal(await say('events', billing, 'hello'), '');
  });

  test('a TCP connection of nobody is closed', async () => {
    assert.equal(await say('events', undefined, 'hello'), '');
  });

  test('CONNECT to an allowed host opens a tunnel', async () => {
    const socket = await open('front', web);
    socket.write(
      'CONNECT events.shop.example:443 HTTP/1.1\r\nHost: events.shop.example:443\r\n\r\n',
    );
    assert.match(await nextText(socket), /^HTTP\/1\.1 200/);
    socket.write('through');
    assert.equal(await nextText(socket), 'through');
    socket.destroy();
  });

  test('CONNECT to another host is refused with a reason', async () => {
    const socket = await open('front', web);
    socket.write('CONNECT admin.shop.example:443 HTTP/1.1\r\nHost: admin.shop.example:443\r\n\r\n');
    const answer = await nextText(socket);
    assert.match(answer, /^HTTP\/1\.1 403/);
    assert.match(answer, /x-sallyport-reason: policy_denied/);
    socket.destroy();
  });

  async function say(listener: string, caller: string | undefined, text: string): Promise<string> {
    const socket = await open(listener, caller);
    socket.write(text);
    const heard = await nextText(socket);
    socket.destroy();
    return heard;
  }

  async function open(listener: string, caller: string | undefined): Promise<TLSSocket> {
    const identity = caller === undefined ? undefined : road.identity(`URI:${caller}`);
    const socket = connect({
      port: road.envoy.port(listener),
      rejectUnauthorized: false,
      ...(identity && {
        cert: readFileSync(identity.certificate),
        key: readFileSync(identity.privateKey),
      }),
    });
    await once(socket, 'secureConnect');
    return socket;
  }
});

/** What comes next on the connection; empty when it is closed instead. */
function nextText(socket: TLSSocket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(5_000, () => {
      reject(new Error('nothing was said'));
      socket.destroy();
    });
    socket.once('data', (chunk: Buffer) => {
      resolve(chunk.toString('latin1'));
    });
    socket.once('close', () => {
      resolve('');
    });
    socket.once('error', () => undefined);
  });
}

function addEcho(bootstrap: Bootstrap, port: number): void {
  const endpoints = [{ lb_endpoints: [{ endpoint: { address: loopback(port) } }] }];
  listAt(objectAt(bootstrap, 'static_resources'), 'clusters').push({
    name: 'echo',
    load_assignment: { cluster_name: 'echo', endpoints },
  });
}

/** A listener for connections, with docs/envoy.md's network filter. */
function addEventsListener(bootstrap: Bootstrap): void {
  const listeners = listAt(objectAt(bootstrap, 'static_resources'), 'listeners');
  const transport = objectAt(bootstrap, ...frontChain, 'transport_socket');
  const tcpProxy = {
    name: 'envoy.filters.network.tcp_proxy',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy',
      stat_prefix: 'events',
      cluster: 'echo',
    },
  };
  const [authz] = parse(snippetOf("# in a listener's filter chain")) as Bootstrap[];
  objectAt(authz ?? {}, 'typed_config', 'grpc_service')['timeout'] = '5s';
  listeners.push({
    name: 'events',
    address: loopback(0),
    filter_chains: [{ transport_socket: transport, filters: [authz, tcpProxy] }],
  });
}

const frontChain = ['static_resources', 'listeners', 0, 'filter_chains', 0] as const;

function allowConnect(bootstrap: Bootstrap): void {
  const manager = connectionManager(bootstrap);
  manager['upgrade_configs'] = [{ upgrade_type: 'CONNECT' }];
  const host = objectAt(manager, 'route_config', 'virtual_hosts', 0);
  listAt(host, 'routes').unshift({
    match: { connect_matcher: {} },
    route: {
      cluster: 'echo',
      upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }],
    },
    typed_per_filter_config: {
      'envoy.filters.http.ext_authz': parse(snippetOf('# on a route for CONNECT')) as Bootstrap,
    },
  });
}
