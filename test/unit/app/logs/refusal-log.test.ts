import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusalLog } from '../../../../src/app/logs/refusal-log.ts';
import { createLogger } from '../../../../src/telemetry/log.ts';

test('the first refusal is told at once, and those of the minute after it in one line', () => {
  const lines: string[] = [];
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const log = createLogger({ write: (line) => lines.push(line), clock });
  const refused = refusalLog(log, clock, 'without the right token');
  for (nowMs = 0; nowMs < 60_000; nowMs += 10_000) refused({ peer: '10.0.0.1' });
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /without the right token.*10\.0\.0\.1.*"count":1\b/);
  refused({ peer: '10.0.0.2' });
  assert.equal(lines.length, 2);
  assert.match(lines[1] ?? '', /10\.0\.0\.2.*"count":6\b/);
});
