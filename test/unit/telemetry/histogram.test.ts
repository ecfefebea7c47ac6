import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Histogram, Registry } from 'prom-client';
import { createHistogramFamily, durationBuckets } from '../../../src/telemetry/histogram.ts';

const metric = { name: 'road_seconds', help: 'How long the road took', labelNames: ['outcome'] };

async function textOf(observations: readonly (readonly ['allow' | 'deny', number])[]) {
  const registry = new Registry();
  const family = createHistogramFamily(metric, registry, ['allow', 'deny']);
  for (const [outcome, seconds] of observations) family.get(outcome)?.observe(seconds);
  return registry.metrics();
}

async function textOfPromClient(observations: readonly (readonly ['allow' | 'deny', number])[]) {
  const registry = new Registry();
  const histogram = new Histogram({
    ...metric,
    buckets: [...durationBuckets],
    registers: [registry],
  });
  histogram.zero({ outcome: 'allow' });
  histogram.zero({ outcome: 'deny' });
  for (const [outcome, seconds] of observations) histogram.observe({ outcome }, seconds);
  return registry.metrics();
}

test("a scrape reads exactly as prom-client's own histogram for any observations", async () => {
  const seconds = fc.oneof(
    fc.double({ min: 0, max: 2, noNaN: true }),
    fc.constantFrom(...durationBuckets),
    fc.constant(1e-7),
  );
  const observations = fc.array(fc.tuple(fc.constantFrom('allow', 'deny'), seconds), {
    maxLength: 60,
  });
  await fc.assert(
    fc.asyncProperty(observations, async (list) => {
      assert.equal(await textOf(list), await textOfPromClient(list));
    }),
    { numRuns: 200 },
  );
});

test('what is not a duration changes nothing', async () => {
  const nothing = await textOf([]);
  for (const seconds of [NaN, -0.001, Infinity, -Infinity]) {
    assert.equal(await textOf([['allow', seconds]]), nothing);
  }
});

test('the buckets rise, from 20 µs to 1 s', () => {
  assert.deepEqual(
    durationBuckets.toSorted((a, b) => a - b),
    durationBuckets,
  );
  assert.equal(durationBuckets[0], 0.00002);
  assert.equal(durationBuckets.at(-1), 1);
});
