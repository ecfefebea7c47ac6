import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { JsonObject } from '../../src/domain/json.ts';
import { waitFor } from './child-process.ts';
import { type Answer, seenBy } from './client.ts';
import { putExample } from './example-revision.ts';
import { type Road, startRoad, temporaryDirectory, web } from './road.ts';
import { countStatuses, startTraffic } from './traffic.ts';

const swaps = 20;
const revisions = ['revision-a', 'revision-b'] as const;

test('bundles are swapped under load without one failed check', async (t) => {
  const directory = temporaryDirectory();
  const bundle = join(directory, 'bundle.tar.gz');
  await putExample(bundle, 'revision-a');
  const road = await startRoad({ transport: 'unix', directory, bundle });
  t.after(() => road.stop());
  const traffic = startTraffic(road.caller(web), { path: '/orders' }, { concurrency: 8 });
  t.after(() => traffic.stop());

  for (let swap = 1; swap <= swaps; swap += 1) {
    const revision = revisions[swap % 2] ?? revisions[0];
    await putExample(bundle, revision);
    await waitFor(
      `swap ${swap}`,
      () => revisionOf(traffic.answers.at(-1)) === revision || undefined,
    );
  }
  await traffic.stop();

  assert.deepEqual(countStatuses(traffic.answers), { 200: traffic.answers.length });
  await everyRecordNamesTheRevisionThatDecided(road, traffic.answers);
});

test('a broken bundle leaves the old one deciding', async (t) => {
  const directory = temporaryDirectory();
  const bundle = join(directory, 'bundle.tar.gz');
  await putExample(bundle, 'revision-a');
  const road = await startRoad({ transport: 'unix', directory, bundle });
  t.after(() => road.stop());
  const client = road.caller(web);

  writeFileSync(`${bundle}.tmp`, 'no bundle');
  renameSync(`${bundle}.tmp`, bundle);
  await road.sallyport.process.says(/bundle\.tar\.gz/);
  assert.equal(revisionOf(await client.send({ path: '/orders' })), 'revision-a');

  await putExample(bundle, 'revision-b');
  await waitFor(
    'the good bundle',
    async () => revisionOf(await client.send({ path: '/orders' })) === 'revision-b' || undefined,
  );
});

function revisionOf(answer: Answer | undefined): string | undefined {
  return answer && String(seenBy(answer).headers['x-sallyport-policy']);
}

async function everyRecordNamesTheRevisionThatDecided(
  road: Road,
  answers: readonly Answer[],
): Promise<void> {
  const records = await waitFor('every record', () => {
    const written = road.sallyport.records();
    return written.length >= answers.length ? written : undefined;
  });
  const recorded = new Map(records.map((record) => [record['decision_id'], record]));
  for (const answer of answers) {
    const id = String(seenBy(answer).headers['x-sallyport-decision-id']);
    const revision = revisionOf(answer);
    assert.ok(
      revisions.some((known) => known === revision),
      `revision ${revision}`,
    );
    const bundles = Object.values(recorded.get(id)?.['bundles'] as JsonObject) as JsonObject[];
    assert.deepEqual(bundles, [{ revision }]);
  }
}
