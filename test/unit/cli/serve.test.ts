import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { test } from 'node:test';
import type { ListenAddress } from '../../../src/domain/listen-address.ts';
import { waitFor } from '../../e2e/child-process.ts';
import { FakeWorld } from './fake-context.ts';

const address: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 9191 };
const adminAddress: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 9192 };

function servingWorld(at = address): { world: FakeWorld; stop: () => void; stops: () => number } {
  const world = new FakeWorld();
  const drained = Promise.withResolvers<void>();
  let stops = 0;
  world.app = {
    start: () => Promise.resolve({ address: at, adminAddress }),
    stop: () => {
      stops += 1;
      return drained.promise;
    },
  };
  return { world, stop: drained.resolve, stops: () => stops };
}

async function listening(world: FakeWorld): Promise<void> {
  await waitFor('the banner', () => /^ *config /m.test(world.stderr) || undefined);
}

async function heedsSignals({ signals }: FakeWorld): Promise<void> {
  await waitFor('it heeds signals', () => signals.listenerCount('SIGTERM') > 0 || undefined);
}

test('without a configuration it says where it is and what to try', async () => {
  const { world, stop } = servingWorld();
  const status = world.run('serve');
  await listening(world);
  assert.match(world.stderr, /checks {2}127\.0\.0\.1:9191 \(gRPC\)/);
  assert.match(world.stderr, /pages {3}http:\/\/127\.0\.0\.1:9192/);
  const tries = world.stderr.match(/sallyport check --principal .*/g) ?? [];
  assert.equal(tries.length, 3);
  assert.equal(world.stdout, '');
  stop();
  world.signals.emit('SIGTERM');
  assert.equal(await status, 0);
});

test('with a configuration it prints nothing to try', async () => {
  const { world, stop } = servingWorld();
  const status = world.run('serve', '-c', 'examples/quickstart/sallyport.yaml');
  await listening(world);
  assert.doesNotMatch(world.stderr, /Try it/);
  stop();
  world.signals.emit('SIGINT');
  assert.equal(await status, 0);
});

test('the commands to try name the server when it is elsewhere', async () => {
  const { world, stop } = servingWorld({ ...address, port: 7 });
  const status = world.run('serve');
  await listening(world);
  assert.match(world.stderr, /check --server 127\.0\.0\.1:7 --principal/);
  stop();
  world.signals.emit('SIGTERM');
  await status;
});

test('the first signal drains once, the second ends at once', async () => {
  const { world, stop, stops } = servingWorld();
  const status = world.run('serve');
  await heedsSignals(world);
  world.signals.emit('SIGTERM');
  await turn();
  assert.deepEqual([stops(), world.aborted], [1, false]);
  world.signals.emit('SIGINT');
  assert.deepEqual([stops(), world.aborted], [1, true]);
  stop();
  assert.equal(await status, 0);
});

test('a signal while it starts is heeded once it has started', async () => {
  const { world, stop, stops } = servingWorld();
  const started = Promise.withResolvers<void>();
  const { app } = world;
  world.app = { start: () => started.promise.then(() => app.start()), stop: () => app.stop() };
  const status = world.run('serve');
  await heedsSignals(world);
  world.signals.emit('SIGTERM');
  await turn();
  assert.equal(stops(), 0);
  started.resolve();
  stop();
  assert.equal(await status, 0);
  assert.equal(stops(), 1);
});

test('a server that cannot start says why and exits 2', async () => {
  const world = new FakeWorld();
  world.app = {
    start: () => Promise.reject(new Error('127.0.0.1:9191 is in use')),
    stop: () => Promise.resolve(),
  };
  assert.equal(await world.run('serve'), 2);
  assert.match(world.stderr, /^sallyport: 127\.0\.0\.1:9191 is in use$/m);
});

test('a drain that fails is not a clean exit', async () => {
  const { world } = servingWorld();
  world.app = {
    start: () => Promise.resolve({ address, adminAddress }),
    stop: () => Promise.reject(new Error('stuck')),
  };
  const status = world.run('serve');
  await heedsSignals(world);
  world.signals.emit('SIGTERM');
  assert.equal(await status, 2);
  assert.match(world.stderr, /stuck/);
});
