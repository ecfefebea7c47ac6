import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DenialResponse,
  noEdits,
  type RequestEdits,
} from '../../../../src/domain/decision/decision.ts';
import { headersUnder } from '../../../../src/domain/request/header.ts';
import type { JsonValue } from '../../../../src/domain/json.ts';
import { interpretResult } from '../../../../src/policy/result/result.ts';

function interpret(result: JsonValue | undefined) {
  return interpretResult(result, headersUnder('x-sallyport-'));
}

test('true allows, and changes nothing', () => {
  const { decision } = interpret(true);
  assert.deepEqual(decision, { outcome: 'allow', reason: 'allowed', edits: noEdits });
});

for (const result of [false, { allowed: false }, undefined]) {
  test(`${JSON.stringify(result)} denies`, () => {
    const verdict = interpret(result);
    assert.equal(verdict.decision.outcome, 'deny');
    assert.equal(verdict.decision.reason, 'policy_denied');
    assert.deepEqual(verdict.result, result);
  });
}

const a1 = { name: 'a', value: '1' };
const a2 = { name: 'a', value: '2' };
const b3 = { name: 'b', value: '3' };

const edits: readonly (readonly [
  result: Record<string, JsonValue>,
  edits: Partial<RequestEdits>,
])[] = [
  [{}, {}],
  [{ headers: { a: '1' } }, { requestHeaders: [a1] }],
  [{ headers: { a: ['1', '2'], b: '3' } }, { requestHeaders: [a1, a2, b3] }],
  [{ headers: [{ a: '1' }, { a: '2', b: '3' }] }, { requestHeaders: [a1, a2, b3] }],
  [{ headers: [] }, {}],
  [{ headers: { a: [] } }, {}],
  [{ response_headers_to_add: [{ a: '1' }, { a: ['2'] }] }, { responseHeaders: [a1, a2] }],
  [{ request_headers_to_remove: ['a', 'B'] }, { requestHeadersToRemove: ['a', 'B'] }],
  [
    { query_parameters_to_set: { a: '1', b: ['2', '3'] } },
    {
      queryParametersToSet: [
        { key: 'a', value: '1' },
        { key: 'b', value: '2' },
        { key: 'b', value: '3' },
      ],
    },
  ],
  [{ query_parameters_to_remove: ['a'] }, { queryParametersToRemove: ['a'] }],
  [{ body: 1, http_status: 'only a denial has these', unknown: null }, {}],
];

for (const [result, expected] of edits) {
  test(`an allowance with ${JSON.stringify(result)}`, () => {
    const { decision } = interpret({ allowed: true, ...result });
    assert.ok(decision.outcome === 'allow', JSON.stringify(decision));
    assert.deepEqual(decision.edits, { ...noEdits, ...expected });
  });
}

const responses: readonly (readonly [Record<string, JsonValue>, Partial<DenialResponse>])[] = [
  [{}, {}],
  [
    { http_status: 301, headers: { location: '/' } },
    { httpStatus: 301, headers: [{ name: 'location', value: '/' }] },
  ],
  [
    { body: 'no', headers: [{ a: ['1', '2'] }] },
    { body: 'no', headers: [a1, a2] },
  ],
  [{ body: '' }, { body: '' }],
  [{ request_headers_to_remove: 'only an allowance has this' }, {}],
];

for (const [result, expected] of responses) {
  test(`a denial with ${JSON.stringify(result)}`, () => {
    const { decision } = interpret({ allowed: false, ...result });
    assert.ok(decision.outcome === 'deny' && decision.reason === 'policy_denied', decision.reason);
    assert.deepEqual(decision.response, { headers: [], ...expected });
  });
}

test('an allowance and a denial carry metadata, a rule, reasons and limits', () => {
  for (const allowed of [true, false]) {
    const verdict = interpret({
      allowed,
      dynamic_metadata: { a: { b: [1, null] } },
      rule: 'orders-read',
      reason: 'first',
      reasons: ['second'],
      limits: [{ name: 'orders' }, { name: 'big', key: 'web', cost: 5 }],
    });
    assert.deepEqual(verdict.decision.metadata, { a: { b: [1, null] } });
    assert.equal(verdict.rule, 'orders-read');
    assert.deepEqual(verdict.reasons, ['first', 'second']);
    assert.deepEqual(verdict.limits, [{ name: 'orders' }, { name: 'big', key: 'web', cost: 5 }]);
  }
});

test('the reasons of a denial are its detail, for the operator', () => {
  const { decision } = interpret({ allowed: false, reasons: ['too large', 'too late'] });
  assert.ok(decision.outcome === 'deny');
  assert.equal(decision.detail, 'too large; too late');
});

/** Each is the policy's fault, and names the field that is wrong. */
const faults: readonly (readonly [result: JsonValue, names: RegExp])[] = [
  [null, /must be a boolean or an object, and is null/],
  [1, /and is a number/],
  ['true', /and is a string/],
  [[], /and is an array/],
  [[true], /and is an array/],
  [{}, /allowed is missing/],
  [{ allowed: 'true' }, /allowed must be a boolean, and is a string/],
  [{ allowed: 1 }, /allowed/],
  [{ allowed: null }, /allowed/],
  [{ allow: true }, /allowed is missing/],
  ...[true, false].flatMap((allowed): [JsonValue, RegExp][] => [
    [{ allowed, headers: 'a' }, /headers must be an object/],
    [{ allowed, headers: ['a'] }, /headers\[0\] must be an object/],
    [{ allowed, headers: [[{ a: '1' }]] }, /headers\[0\]/],
    [{ allowed, headers: null }, /headers/],
    [{ allowed, headers: { a: 1 } }, /headers\.a must be a string, and is a number/],
    [{ allowed, headers: { a: ['1', 2] } }, /headers\.a\[1\] must be a string/],
    [{ allowed, headers: { a: '1\r\nb: 2' } }, /header a has control/],
    [{ allowed, headers: { a: '\0' } }, /header a has control/],
    [{ allowed, headers: { 'a b': '1' } }, /header name .*not valid/],
    [{ allowed, headers: { ':path': '/' } }, /header name .*not valid/],
    [{ allowed, headers: { Host: 'a' } }, /header host/],
    [{ allowed, headers: { a: 'x'.repeat(9000) } }, /header a .*longer/],
    [{ allowed, headers: { a: Array<string>(65).fill('1') } }, /more than 64/],
    [{ allowed, headers: { 'x-sallyport-caller': 'me' } }, /reserved/],
    [{ allowed, headers: { 'X-Sallyport-Caller': 'me' } }, /reserved/],
    [{ allowed, headers: { X_Sallyport_Caller: 'me' } }, /reserved/],
    [{ allowed, dynamic_metadata: [] }, /dynamic_metadata must be an object/],
    [{ allowed, rule: 1 }, /rule must be a string/],
    [{ allowed, rule: 'a\nb' }, /rule/],
    [{ allowed, reason: ['a'] }, /reason must be a string/],
    [{ allowed, reasons: 'a' }, /reasons must be an array/],
    [{ allowed, reasons: [1] }, /reasons\[0\]/],
    [{ allowed, limits: {} }, /limits must be an array/],
    [{ allowed, limits: ['orders'] }, /limits\[0\] must be an object/],
    [{ allowed, limits: [{}] }, /name is missing/],
    [{ allowed, limits: Array.from({ length: 101 }, () => ({ name: 'a' })) }, /more than 100/],
    [{ allowed, limits: [{ name: 'a', key: 1 }] }, /key must be a string/],
    [{ allowed, limits: [{ name: 'a', cost: 0 }] }, /cost/],
    [{ allowed, limits: [{ name: 'a', cost: -1 }] }, /cost/],
    [{ allowed, limits: [{ name: 'a', cost: 1.5 }] }, /cost/],
    [{ allowed, limits: [{ name: 'a', cost: '1' }] }, /cost/],
  ]),
  [{ allowed: true, request_headers_to_remove: 'a' }, /request_headers_to_remove must be an array/],
  [{ allowed: true, request_headers_to_remove: [1] }, /request_headers_to_remove\[0\]/],
  [{ allowed: true, request_headers_to_remove: [':path'] }, /header name .*not valid/],
  [{ allowed: true, request_headers_to_remove: ['x-sallyport-rule'] }, /reserved/],
  [{ allowed: true, response_headers_to_add: 1 }, /response_headers_to_add/],
  [{ allowed: true, response_headers_to_add: { 'x-sallyport-rule': 'a' } }, /reserved/],
  [{ allowed: true, query_parameters_to_set: [] }, /query_parameters_to_set must be an object/],
  [{ allowed: true, query_parameters_to_set: { a: 1 } }, /query_parameters_to_set\.a/],
  [{ allowed: true, query_parameters_to_set: { a: ['1', 2] } }, /query_parameters_to_set\.a\[1\]/],
  [{ allowed: true, query_parameters_to_set: { a: '\r\n' } }, /query parameter "a" is not/],
  [{ allowed: true, query_parameters_to_set: { 'a\0': '1' } }, /query parameter .* is not/],
  [{ allowed: true, query_parameters_to_remove: {} }, /query_parameters_to_remove/],
  [{ allowed: false, body: {} }, /body must be a string, and is an object/],
  ...['403', 0, -1, 99, 299, 418, 403.5, 1e9, null].map((status): [JsonValue, RegExp] => [
    { allowed: false, http_status: status },
    /http_status must be a number|no HTTP status that Envoy knows/,
  ]),
];

for (const [result, names] of faults) {
  test(`${JSON.stringify(result).slice(0, 90)} is the policy's fault`, () => {
    const { decision, limits } = interpret(result);
    assert.ok(decision.outcome === 'deny');
    assert.equal(decision.reason, 'policy_unavailable');
    assert.match(decision.detail, names);
    assert.deepEqual(limits, []);
  });
}

test('a result that inherits its fields does not have them', () => {
  const result = Object.create({ allowed: true }) as { allowed: boolean };
  assert.equal(interpret(result).decision.reason, 'policy_unavailable');
});
