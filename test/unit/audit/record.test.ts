import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compileMask } from '../../../src/audit/mask.ts';
import { formatBareRecord, formatRecord } from '../../../src/audit/record.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import { allowance, completedCheck, verdictOn } from './completed-check.ts';

const labels = { id: 'host-1', version: '0.1.0' };
const mask = compileMask([]);

function recordOf(completed: Parameters<typeof formatRecord>[0]): Record<string, unknown> {
  const line = formatRecord(completed, mask, labels);
  assert.equal(line.indexOf('\n'), line.length - 1, 'one line');
  return JSON.parse(line) as Record<string, unknown>;
}

test('an allowed check is written with everything that decided it', () => {
  const document: JsonObject = { attributes: { request: { http: { method: 'GET' } } } };
  const record = recordOf(
    completedCheck({
      decision: allowance,
      durationMs: 0.35,
      check: {
        caller: { principal: 'spiffe://shop.example/ns/shop/sa/web', source: 'peer' },
        verdict: { ...verdictOn(document, { allowed: true }), rule: 'web', reasons: ['may read'] },
        limits: {
          outcome: 'within',
          states: [
            {
              name: 'orders-read',
              mode: 'enforce',
              result: 'within',
              quota: 100,
              windowMs: 60_000,
              remaining: 19,
              resetMs: 600,
              retryAfterMs: 0,
              degraded: 'local',
            },
          ],
        },
        stageMs: { request: 0.003, caller: 0.001, policy: 0.02, limits: 0.3 },
      },
    }),
  );
  assert.deepEqual(record, {
    labels,
    decision_id: 'c0ffee00-1111-4222-8333-444455556666',
    timestamp: '2026-11-22T03:04:05.678000000Z',
    bundles: { example: { revision: 'r1' } },
    path: 'envoy/authz/allow',
    outcome: 'allow',
    reason: 'allowed',
    caller: { principal: 'spiffe://shop.example/ns/shop/sa/web', source: 'peer' },
    rule: 'web',
    reasons: ['may read'],
    limits: [
      { name: 'orders-read', result: 'within', mode: 'enforce', remaining: 19, degraded: 'local' },
    ],
    metrics: {
      timer_server_handler_ns: 350_000,
      timer_rego_query_eval_ns: 20_000,
      timer_sallyport_request_ns: 3000,
      timer_sallyport_caller_ns: 1000,
      timer_sallyport_limits_ns: 300_000,
    },
    result: { allowed: true },
    input: document,
  });
});

test('a check that could not be decoded is written with why', () => {
  const record = recordOf(completedCheck());
  assert.equal(record['outcome'], 'deny');
  assert.equal(record['reason'], 'bad_request');
  assert.equal(record['detail'], 'it was not understood');
  for (const absent of ['input', 'result', 'caller', 'rule', 'reasons', 'limits', 'erased']) {
    assert.ok(!(absent in record), absent);
  }
});

test('a check that no policy saw shows its attributes, bytes as base64, credentials removed', () => {
  const attributes = {
    source: { address: { socketAddress: { address: '10.0.0.7' } } },
    request: {
      http: {
        rawBody: Buffer.from([0xff, 0x00]),
        headerMap: { headers: [{ key: 'cookie', rawValue: Buffer.from('secret') }] },
      },
    },
  };
  const record = recordOf(
    completedCheck({ check: { attributes }, decision: new Denial('unauthenticated', 'nobody') }),
  );
  assert.deepEqual(record['input'], {
    attributes: {
      source: { address: { socketAddress: { address: '10.0.0.7' } } },
      request: { http: { rawBody: '/wA=', headerMap: { headers: [{ key: 'cookie' }] } } },
    },
    version: { ext_authz: 'v3', encoding: 'protojson' },
  });
  assert.deepEqual(record['erased'], [
    '/input/attributes/request/http/headerMap/headers/0/rawValue',
  ]);
  assert.equal(record['requested_by'], '10.0.0.7');
});

test('the input is written as it is, and a secret is cut out of it', () => {
  const headers = { accept: '*/*', cookie: 'secret' };
  const check = { verdict: verdictOn({ attributes: { request: { http: { headers } } } }) };
  const line = formatRecord(completedCheck({ check }), mask, labels);
  const written = '{"attributes":{"request":{"http":{"headers":{"accept":"*/*"}}}}}';
  assert.ok(line.endsWith(`,"input":${written}}\n`));
});

test('half a surrogate pair, which not every parser of JSON takes, is written as U+FFFD', () => {
  const check = { verdict: verdictOn({ parsed_body: '\ud800', secret: 'pin' }) };
  for (const pointers of [[], ['/input/secret'], ['/input/parsed_body']]) {
    const line = formatRecord(completedCheck({ check }), compileMask(pointers), labels);
    assert.ok(!line.includes(String.raw`\ud800`));
  }
});

test('records of hostile requests are one line of JSON each', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\n{"outcome":"allow"}\n',
      '\u2028\u2029',
      '\ud800',
      '\udfff\ud800',
      '\0',
      '"}',
    ),
  );
  const headers = fc.dictionary(fc.oneof(hostile, fc.constant('__proto__')), hostile);
  fc.assert(
    fc.property(hostile, headers, fc.boolean(), (text, map, evaluated) => {
      const attributes = { request: { http: { path: text, headers: map } } };
      const completed = completedCheck({
        decision: new Denial('policy_denied', text),
        check: evaluated
          ? { attributes, verdict: verdictOn({ attributes }, { [text]: text }) }
          : { attributes },
      });
      const record = recordOf({ ...completed, policy: { name: text, revision: text, path: text } });
      const bytes = Buffer.from(formatRecord(completed, mask, labels));
      assert.doesNotThrow(() => JSON.parse(bytes.toString()));
      assert.equal(record['detail'], text.toWellFormed());
    }),
    { numRuns: 500 },
  );
});

test('fractions of a millisecond are in the timestamp', () => {
  const check = { receivedAtMs: Date.UTC(2026, 0, 1) + 0.5 };
  assert.equal(recordOf(completedCheck({ check }))['timestamp'], '2026-01-01T00:00:00.000500000Z');
});

test('a bare record says what is missing and why', () => {
  const record = JSON.parse(formatBareRecord(completedCheck(), labels, 'too deep')) as JsonObject;
  assert.equal(record['record_fault'], 'too deep');
  assert.equal(record['decision_id'], 'c0ffee00-1111-4222-8333-444455556666');
});
