import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import { type Sallyport, startSallyport } from '../e2e/sallyport.ts';

const bundle = join(import.meta.dirname, '../fixtures/bundles/hungry.tar.gz');
const directory = mkdtempSync(join(tmpdir(), 'sallyport-hungry-'));

let sallyport: Sallyport;
let client: CheckClient;

before(async () => {
  // On a busy machine a turn with loops in it is long, and this is not about checks that waited.
  const sections = { server: { checkTimeout: '9s' } };
  sallyport = await startSallyport({ directory, transport: 'unix', bundle, sections });
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
});

after(async () => {
  client.close();
  await sallyport.process.stop();
  rmSync(directory, { recursive: true });
});

/** The policy of this bundle loops as often as the path says. */
async function reasonFor(path: string): Promise<unknown> {
  const principal = 'spiffe://shop.example/ns/shop/sa/web';
  const attributes = { source: { principal }, request: { http: { method: 'GET', path } } };
  const { dynamicMetadata } = await client.check({ attributes }, { timeoutMs: 10_000 });
  return dynamicMetadata?.['reason'];
}

test('a policy that loops is stopped and denies, and other checks are answered meanwhile', async () => {
  const paths = Array.from({ length: 16 }, (_, at) =>
    at % 4 === 0 ? '/?size=100000&length=1' : '/?size=2&length=1',
  );
  const wanted = paths.map((path) => (path.includes('100000') ? 'policy_unavailable' : 'allowed'));
  assert.deepEqual(await Promise.all(paths.map(reasonFor)), wanted);
});

test('22,500 pairs of numbers may be added and compared by default', async () => {
  assert.equal(await reasonFor('/?size=150&length=1'), 'allowed');
});

test('the record says what to do, and the caller is not told', async () => {
  const path = '/?size=100001&length=1';
  assert.equal(await reasonFor(path), 'policy_unavailable');
  const record = await waitFor('the record', () =>
    sallyport.records().find((one) => JSON.stringify(one['input'] ?? {}).includes(path)),
  );
  assert.match(JSON.stringify(record['detail']), /more than the 5000000 units of policy\.maxFuel/);
});
