import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from './certificates.ts';
import { waitFor } from './child-process.ts';
import { billing, startRoad, web } from './road.ts';
import type { Sallyport } from './sallyport.ts';
import { countStatuses, startTraffic } from './traffic.ts';

const limits = [
  {
    name: 'orders',
    match: { paths: ['/orders'] },
    rate: '100/1s',
    onError: 'deny',
    by: ['caller'],
  },
];
/** Envoy itself closes a client's connection that resets more than 500 requests. */
const sessions = 8;
const abortsPerSession = 400;
const abortsAtOnce = 50;

test('a client that aborts thousands of requests breaks nobody else’s', async (t) => {
  // While Redis hangs, checks of /orders are in flight long enough to be aborted.
  const road = await startRoad({ transport: 'unix', limits, redis: { commandTimeout: '3s' } });
  t.after(() => road.stop());
  const invoice = { path: '/invoices', method: 'POST', body: '{"amount": 5}' };
  const headers = { 'content-type': 'application/json' };
  const others = startTraffic(road.caller(billing), { ...invoice, headers });
  t.after(() => others.stop());

  const identity = road.identity(`URI:${web}`);
  for (let session = 0; session < sessions; session += 1) {
    road.redis?.process.signal('SIGSTOP');
    await abortMany(road.envoy.port('front'), identity);
    road.redis?.process.signal('SIGCONT');
    await waitFor('few in flight', () => fewInFlight(road.sallyport, 50));
  }

  const answered = others.answers.length;
  await waitFor('more traffic', () => others.answers.length > answered + 20 || undefined);
  await others.stop();
  assert.deepEqual(countStatuses(others.answers), { 200: others.answers.length });
  assert.equal(await road.envoy.stat('http.front.ext_authz.error'), 0);
  const aborted = await road.envoy.stat('cluster.sallyport.upstream_rq_tx_reset');
  assert.ok(aborted > 1000, `only ${aborted} checks were aborted`);
  await waitFor('nothing in flight', () => fewInFlight(road.sallyport, 0));
});

async function fewInFlight(sallyport: Sallyport, most: number): Promise<true | undefined> {
  const inFlight = await sallyport.metric('sallyport_checks_in_flight');
  return inFlight <= most || undefined;
}

async function abortMany(port: number, identity: Certificate): Promise<void> {
  const session = connect(`https://127.0.0.1:${port}`, {
    rejectUnauthorized: false,
    cert: readFileSync(identity.certificate),
    key: readFileSync(identity.privateKey),
  });
  session.on('error', () => undefined);
  for (let sent = 0; sent < abortsPerSession; sent += abortsAtOnce) {
    const streams = Array.from({ length: abortsAtOnce }, () => ask(session));
    // Long enough for Envoy to have asked Sallyport, and too short for an answer.
    await sleep(40);
    for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL);
  }
  session.destroy();
}

function ask(session: ClientHttp2Session): ReturnType<ClientHttp2Session['request']> {
  const stream = session.request({ ':method': 'GET', ':path': '/orders' });
  stream.on('error', () => undefined);
  return stream;
}
