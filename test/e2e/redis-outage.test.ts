import assert from 'node:assert/strict';
import { test } from 'node:test';
import { waitFor } from './child-process.ts';
import { startRoad, web } from './road.ts';
import { countStatuses, startTraffic } from './traffic.ts';

/** Far more than the test sends, except for `local`, of which one of four replicas has ten. */
const limits = [
  { ...limitOn('/orders/allow'), rate: '1000000/1h', onError: 'allow' },
  { ...limitOn('/orders/deny'), rate: '1000000/1h', onError: 'deny' },
  { ...limitOn('/orders/local'), rate: '40/1h', onError: 'local' },
];

test('a Redis that stops mid-traffic is handled as each limit says, and is used again when it is back', async (t) => {
  // A timeout that only a Redis that is gone could exceed, however busy the machine is.
  const redis = { replicas: 4, commandTimeout: '1s' };
  const road = await startRoad({ transport: 'unix', limits, redis });
  t.after(() => road.stop());
  const client = road.caller(web);
  const reasonFor = async (path: string) => {
    const { status, headers } = await client.send({ path });
    return `${status} ${String(headers['x-sallyport-reason'])}`;
  };

  const allow = startTraffic(client, { path: '/orders/allow' });
  const deny = startTraffic(client, { path: '/orders/deny' });
  t.after(() => Promise.all([allow.stop(), deny.stop()]));
  await waitFor('traffic', () => deny.answers.length >= 50 || undefined);
  assert.deepEqual(Object.keys(countStatuses(deny.answers)), ['200']);

  road.redis?.process.signal('SIGKILL');
  await waitFor('the first denial', () => deny.answers.find(({ status }) => status === 503));
  for (let asked = 0; asked < 20; asked += 1) {
    assert.equal(await reasonFor('/orders/deny'), '503 limits_unavailable');
  }
  const local = { admitted: 0, refused: 0 };
  for (let asked = 0; asked < 20; asked += 1) {
    const answer = await reasonFor('/orders/local');
    if (answer === '200 undefined') local.admitted += 1;
    if (answer === '429 rate_limited') local.refused += 1;
  }
  assert.deepEqual(local, { admitted: 10, refused: 10 });
  assert.equal(await road.sallyport.metric('sallyport_redis_up'), 0);

  await road.restartRedis();
  const answered = deny.answers.length;
  await waitFor('recovery', () =>
    deny.answers.slice(answered).find(({ status }) => status === 200),
  );
  assert.equal(await reasonFor('/orders/deny'), '200 undefined');
  assert.equal(await road.sallyport.metric('sallyport_redis_up'), 1);

  await Promise.all([allow.stop(), deny.stop()]);
  assert.deepEqual(Object.keys(countStatuses(allow.answers)), ['200'], 'never refused');
  assert.deepEqual(Object.keys(countStatuses(deny.answers)), ['200', '503']);
  const slowest = Math.max(...[...allow.answers, ...deny.answers].map(({ tookMs }) => tookMs));
  assert.ok(slowest < 2_000, `the slowest answer took ${slowest} ms`);
});

function limitOn(path: string): { name: string; match: { paths: string[] }; by: string[] } {
  return { name: path.slice('/orders/'.length), match: { paths: [path] }, by: ['caller'] };
}
