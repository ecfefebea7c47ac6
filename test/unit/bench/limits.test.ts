import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitsReport } from '../../../bench/limits/limits-report.ts';
import {
  domainFile,
  domainOf,
  limitDefinitions,
  rateLimitRequest,
} from '../../../bench/limits/measured-limits.ts';
import {
  codes,
  decodeRateLimitResponse,
  encodeRateLimitRequest,
  rateLimitService,
} from '../../../bench/limits/rate-limit-protocol.ts';

test('both servers are given the same limits, and a request is counted by all of them', () => {
  for (const count of [1, 3] as const) {
    const own = limitDefinitions(count).map(({ name, quota }) => [name, quota]);
    const { domain, descriptors } = JSON.parse(domainFile(count)) as {
      domain: string;
      descriptors: { key: string; rate_limit: { requests_per_unit: number } }[];
    };
    const theirs = descriptors.map(({ key, rate_limit: { requests_per_unit: quota } }) => [
      `${domain}-${key}`,
      quota,
    ]);
    assert.deepEqual(own, theirs);
    const asked = rateLimitRequest(count, 7).descriptors.map(({ entries }) => entries[0]?.key);
    assert.deepEqual(
      asked.map((key) => `${domainOf(count)}-${key}`),
      own.map(([name]) => name),
    );
  }
});

test('the protocol is that of Envoy: fields by their numbers', () => {
  const request = { domain: 'd', descriptors: [{ entries: [{ key: 'k', value: 'v' }] }] };
  assert.equal(
    encodeRateLimitRequest(request).toString('latin1'),
    '\x0a\x01d\x12\x08\x0a\x06\x0a\x01k\x12\x01v',
  );
  const answer = Buffer.from([0x08, 1, 0x12, 8, 0x08, 1, 0x12, 4, 0x08, 5, 0x10, 2]);
  const { overallCode, statuses } = decodeRateLimitResponse(answer);
  assert.equal(overallCode, codes.ok);
  assert.deepEqual(statuses[0]?.currentLimit, { requestsPerUnit: 5, unit: 2 });
  const path = rateLimitService['ShouldRateLimit']?.path;
  assert.equal(path, '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit');
});

function slices(...micros: readonly number[]) {
  return micros.map((microsPerDecision) => ({
    decisionsPerSecond: 1000,
    microsPerDecision,
    redisMicrosPerDecision: 5,
  }));
}

test('a server is compared with envoyproxy/ratelimit round by round, and with itself without limits', () => {
  const measured = [
    { name: 'envoyproxy/ratelimit', limits: 1, slices: slices(60, 90, 60) },
    { name: 'sallyport, the whole check', limits: 0, slices: slices(100, 100, 100) },
    { name: 'sallyport, the whole check', limits: 1, slices: slices(120, 120, 120) },
  ] as const;
  const text = limitsReport(measured, { rounds: 3, requests: 10, warmUp: 10 });
  assert.match(text, /check +1 +1000 .* 120\.0 .* 20\.0 .* 0\.50 \(0\.50–0\.75\)/);
  assert.match(text, /Limits: 1\..* they add 20\.0 µs; .* costs it 3\.0 times/);
});
