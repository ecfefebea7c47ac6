import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { cluster, objectAt } from './bootstrap.ts';
import { waitFor } from './child-process.ts';
import { startRoad, temporaryDirectory, web } from './road.ts';
import { startSallyport, type Transport } from './sallyport.ts';
import { countStatuses, startTraffic } from './traffic.ts';

for (const transport of ['tcp', 'unix'] satisfies Transport[]) {
  test(`while a Sallyport that died is away, nothing gets through over ${transport}; then all does again`, async (t) => {
    const road = await startRoad({ transport });
    t.after(() => road.stop());
    const traffic = startTraffic(road.caller(web), { path: '/orders' });
    t.after(() => traffic.stop());
    await waitFor('traffic', () => traffic.answers.length >= 50 || undefined);
    assert.deepEqual(Object.keys(countStatuses(traffic.answers)), ['200']);

    road.sallyport.process.signal('SIGKILL');
    await waitFor('a denial', () => traffic.answers.find(({ status }) => status !== 200));
    const away = traffic.answers.length;
    const reached = road.upstream.requests();
    await waitFor('more denials', () => traffic.answers.length >= away + 20 || undefined);
    assert.deepEqual(Object.keys(countStatuses(traffic.answers.slice(away))), ['503']);
    assert.equal(road.upstream.requests(), reached);

    await road.restartSallyport();
    const back = traffic.answers.length;
    await waitFor('recovery', () =>
      traffic.answers.slice(back).find(({ status }) => status === 200),
    );
    const recovered = traffic.answers.length;
    await waitFor('traffic', () => traffic.answers.length >= recovered + 50 || undefined);
    await traffic.stop();
    assert.deepEqual(Object.keys(countStatuses(traffic.answers.slice(recovered))), ['200']);
  });
}

test('a Sallyport that is told to end while it is asked does so without one failed check', async (t) => {
  const directory = temporaryDirectory();
  const otherDirectory = join(directory, 'other');
  mkdirSync(otherDirectory);
  const other = await startSallyport({ directory: otherDirectory, transport: 'unix' });
  t.after(() => other.process.stop());
  const road = await startRoad({
    directory,
    transport: 'unix',
    edit: (bootstrap) => {
      const endpoints = objectAt(
        cluster(bootstrap, 'sallyport'),
        'load_assignment',
        'endpoints',
        0,
      );
      const [first] = endpoints['lb_endpoints'] as object[];
      endpoints['lb_endpoints'] = [first, { endpoint: { address: other.address } }];
    },
  });
  t.after(() => road.stop());
  const traffic = startTraffic(road.caller(web), { path: '/orders' }, { concurrency: 8 });
  t.after(() => traffic.stop());
  await waitFor('traffic', () => traffic.answers.length >= 100 || undefined);

  assert.equal(await road.sallyport.process.stop(20_000), 0);
  const ended = traffic.answers.length;
  await waitFor('traffic', () => traffic.answers.length >= ended + 100 || undefined);
  await traffic.stop();
  assert.deepEqual(countStatuses(traffic.answers), { 200: traffic.answers.length });
});
