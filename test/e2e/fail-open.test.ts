import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { extAuthz, objectAt, setCheckTimeout } from './bootstrap.ts';
import { waitFor } from './child-process.ts';
import type { Answer } from './client.ts';
import { billing, type Road, startRoad, web } from './road.ts';

const limits = [
  {
    name: 'orders',
    match: { paths: ['/orders'] },
    rate: '100/1s',
    onError: 'allow',
    by: ['caller'],
  },
];

/** Envoy lets a request through when the check ends in an error; a denial is not an error. */
describe('behind an Envoy that is told to fail open', () => {
  let road: Road;

  before(async () => {
    road = await startRoad({
      transport: 'unix',
      limits,
      // Redis may take longer than Envoy waits.
      redis: { commandTimeout: '5s' },
      sections: { server: { deadlineMargin: '400ms', maxMessage: '64KiB' } },
      edit: (bootstrap) => {
        extAuthz(bootstrap)['failure_mode_allow'] = true;
        objectAt(extAuthz(bootstrap), 'with_request_body')['max_request_bytes'] = 512 * 1024;
        setCheckTimeout(bootstrap, '1s');
      },
    });
  });

  after(() => road.stop());

  test('a check that is too large is a denial', async () => {
    const headers = { 'content-type': 'application/json' };
    const body = `{"amount": 1, "note": "${'x'.repeat(96 * 1024)}"}`;
    const asked = { path: '/invoices', method: 'POST', headers, body };
    isDenied(await road.caller(billing).send(asked), 400, 'bad_request');
  });

  test('a check that cannot be decided in time is a denial', async () => {
    road.redis?.process.signal('SIGSTOP');
    const answer = await road.caller(web).send({ path: '/orders' });
    road.redis?.process.signal('SIGCONT');
    isDenied(answer, 503, 'deadline_exceeded');
  });

  test('only a Sallyport that is gone lets Envoy fail open', async () => {
    assert.equal(await road.envoy.stat('http.front.ext_authz.failure_mode_allowed'), 0);
    const client = road.caller(web);
    await road.sallyport.process.stop();
    const open = async (): Promise<Answer | undefined> => {
      const answer = await client.send({ path: '/admin' });
      return answer.status === 200 ? answer : undefined;
    };
    await waitFor('Envoy to fail open', open);
  });
});

function isDenied({ status, headers, body }: Answer, wanted: number, reason: string): void {
  assert.equal(headers['x-sallyport-reason'], reason, body);
  assert.equal(status, wanted);
}
