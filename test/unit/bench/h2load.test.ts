import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CannotMeasure } from '../../../bench/cannot-measure.ts';
import { latenciesOf, readReport } from '../../../bench/h2load.ts';

const report = `
finished in 1.26s, 15873.02 req/s, 2.36MB/s
requests: 20000 total, 20000 started, 20000 done, 20000 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 20000 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 2.98MB (3120000) total, 234.5KB (240128) headers (space savings 93.75%), 1.45MB (1520000) data
`;

test('the rate and the length of an answer are read from the summary', () => {
  assert.deepEqual(readReport(report, 20_000), { checksPerSecond: 15_873.02, bytesPerCheck: 76 });
});

const incomplete = {
  'a request without an answer': report.replace('20000 2xx', '19999 2xx'),
  'another status': report.replace('20000 2xx, 0 3xx, 0 4xx, 0', '19998 2xx, 0 3xx, 0 4xx, 2'),
  'another form of summary': report.replace('req/s', 'requests per second'),
};

for (const [what, text] of Object.entries(incomplete)) {
  test(`${what} gives no figure`, () => {
    assert.throws(() => readReport(text, 20_000), CannotMeasure);
  });
}

test('the latency is the last column of the log', () => {
  assert.deepEqual(
    latenciesOf('1790000000000001\t200\t1833\n1790000000000002\t200\t95\n'),
    [1833, 95],
  );
});
