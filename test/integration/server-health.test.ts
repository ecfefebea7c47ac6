import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';
import {
  type ClientReadableStream,
  credentials,
  loadPackageDefinition,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { formatAddress, type ListenAddress } from '../../src/domain/listen-address.ts';
import { until } from '../setup/until.ts';
import { startServer } from './server-fixture.ts';

const protoRoot = new URL('../../proto', import.meta.url).pathname;
const definition = loadSync('grpc/health/v1/health.proto', {
  includeDirs: [protoRoot],
  enums: String,
});
const { Health } = (
  loadPackageDefinition(definition) as unknown as {
    grpc: { health: { v1: { Health: ServiceClientConstructor } } };
  }
).grpc.health.v1;

const authorization = 'envoy.service.auth.v3.Authorization';

interface HealthClient {
  call(method: 'Check' | 'List', request: object): Promise<unknown>;
  watch(service: string): ClientReadableStream<{ status: string }>;
}

function healthClient(t: TestContext, address: ListenAddress): HealthClient {
  const client = new Health(formatAddress(address), credentials.createInsecure());
  t.after(() => client.close());
  return {
    call: (method, request) =>
      new Promise((resolve, reject) => {
        client[method]?.(request, (fault: ServiceError | null, response: unknown) => {
          if (fault === null) resolve(response);
          else reject(fault);
        });
      }),
    watch: (service) => {
      const stream = client['Watch']?.({ service }) as ClientReadableStream<{ status: string }>;
      stream.on('error', () => {});
      return stream;
    },
  };
}

async function nextStatus(stream: ClientReadableStream<{ status: string }>): Promise<string> {
  const [{ status }] = (await once(stream, 'data', { signal: AbortSignal.timeout(5000) })) as [
    { status: string },
  ];
  return status;
}

test('the server and its service serve when told so, and not before', async (t) => {
  const { address, health } = await startServer(t);
  const client = healthClient(t, address);
  for (const service of ['', authorization]) {
    assert.deepEqual(await client.call('Check', { service }), { status: 'NOT_SERVING' });
  }
  health.setServing(true);
  for (const service of ['', authorization]) {
    assert.deepEqual(await client.call('Check', { service }), { status: 'SERVING' });
  }
});

test('an unknown service is not found', async (t) => {
  const { address } = await startServer(t);
  const notFound = 5;
  await assert.rejects(healthClient(t, address).call('Check', { service: 'shop.Orders' }), {
    code: notFound,
  });
});

test('list names every service', async (t) => {
  const { address, health } = await startServer(t);
  health.setServing(true);
  assert.deepEqual(await healthClient(t, address).call('List', {}), {
    statuses: { '': { status: 'SERVING' }, [authorization]: { status: 'SERVING' } },
  });
});

test('a watch is told the state and each change of it, once', async (t) => {
  const { address, health } = await startServer(t);
  const stream = healthClient(t, address).watch(authorization);
  assert.equal(await nextStatus(stream), 'NOT_SERVING');
  health.setServing(true);
  health.setServing(true);
  assert.equal(await nextStatus(stream), 'SERVING');
  health.setServing(false);
  assert.equal(await nextStatus(stream), 'NOT_SERVING');
});

test('a watch of an unknown service stays open and is told so', async (t) => {
  const { address, health } = await startServer(t);
  const stream = healthClient(t, address).watch('shop.Orders');
  assert.equal(await nextStatus(stream), 'SERVICE_UNKNOWN');
  let told = 0;
  stream.on('data', () => {
    told += 1;
  });
  health.setServing(true);
  await healthClient(t, address).call('Check', {});
  assert.equal(told, 0);
  assert.equal(stream.destroyed, false);
});

test('a drain tells the watches before it ends them, and does not wait for them', async (t) => {
  const { address, health, server } = await startServer(t, { options: { drainTimeoutMs: 5000 } });
  health.setServing(true);
  const stream = healthClient(t, address).watch('');
  assert.equal(await nextStatus(stream), 'SERVING');
  const last = nextStatus(stream);
  let endedWith: number | undefined;
  stream.on('error', (fault: ServiceError) => {
    endedWith = fault.code;
  });
  const startedMs = performance.now();
  await server.drain();
  assert.ok(performance.now() - startedMs < 2000, 'the watch held up the drain');
  assert.equal(await last, 'NOT_SERVING');
  const unavailable = 14;
  await until('the watch ends', () => endedWith === unavailable);
});

test('nothing makes a draining server serve again', async (t) => {
  const { health } = await startServer(t);
  health.setServing(true);
  health.drain();
  health.setServing(true);
  let answered: unknown;
  health.implementation['Check']?.(
    { request: {} } as never,
    ((_fault: unknown, response: unknown) => {
      answered = response;
    }) as never,
  );
  assert.deepEqual(answered, { status: 2 });
});
