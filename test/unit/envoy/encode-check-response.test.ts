import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Denial } from '../../../src/domain/decision/decision.ts';
import type { JsonObject, JsonValue } from '../../../src/domain/json.ts';
import { denialReasons } from '../../../src/domain/decision/reason.ts';
import { createAnswerer } from '../../../src/envoy/answer.ts';
import {
  type AllowResponse,
  type CheckResponse,
  denialCodes,
  type DenyResponse,
} from '../../../src/envoy/check-response.ts';
import { encodeCheckResponse } from '../../../src/envoy/encode-check-response.ts';
import { isEnvoyStatus } from '../../../src/domain/decision/http-status.ts';
import { completed } from './completed-check.ts';
import { checkResponse, ourDescriptors, upstreamCheckResponse } from './protos.ts';

const runs = Number(process.env['SALLYPORT_FUZZ_RUNS'] ?? 2_000);

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 100 }),
  fc.string({ unit: 'binary', maxLength: 300 }),
);
const header = fc.record({ name: text, value: text });
const mutation = fc.record({ name: text, value: text, append: fc.boolean() });
const list = { maxLength: 4 };
const { object: metadata } = fc.letrec<{ value: JsonValue; object: JsonObject }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true }),
    text,
    fc.array(tie('value'), list),
    tie('object'),
  ),
  object: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), tie('value'), {
    maxKeys: 4,
    noNullPrototype: true,
  }),
}));

const anyAllow: fc.Arbitrary<AllowResponse> = fc.record({
  outcome: fc.constant('allow'),
  requestHeaders: fc.array(header, list),
  requestHeadersToRemove: fc.array(text, list),
  responseHeaders: fc.array(mutation, list),
  queryParametersToSet: fc.array(fc.record({ key: text, value: text }), list),
  queryParametersToRemove: fc.array(text, list),
  metadata,
});

const anyDeny: fc.Arbitrary<DenyResponse> = fc
  .record({
    outcome: fc.constant('deny' as const),
    reason: fc.constantFrom(...denialReasons),
    httpStatus: fc.integer({ min: 200, max: 511 }),
    headers: fc.array(header, list),
    body: text,
    metadata,
  })
  .map((response) => ({ ...response, code: denialCodes[response.reason] }));

test('protobufjs reads what we write, by our protos and by Envoy’s', () => {
  fc.assert(
    fc.property(fc.oneof(anyAllow, anyDeny), (response) => {
      const bytes = encodeCheckResponse(response);
      const wanted = normal(expected(response));
      assert.deepEqual(normal(checkResponse.decode(bytes)), wanted);
      assert.deepEqual(normal(upstreamCheckResponse.decode(bytes)), wanted);
    }),
    { numRuns: runs },
  );
});

test('a denial’s bytes always have a code, and denied_response, and never error_response', () => {
  const answer = createAnswerer({ headerPrefix: 'x-sallyport-' });
  for (const reason of denialReasons) {
    const bytes = encodeCheckResponse(answer(completed({ decision: new Denial(reason, '') })));
    const { status, deniedResponse, okResponse, errorResponse } = checkResponse.decode(
      bytes,
    ) as Record<string, { code?: number }>;
    assert.ok((status?.code ?? 0) > 0, reason);
    assert.ok(deniedResponse);
    assert.equal(okResponse, undefined);
    assert.equal(errorResponse, undefined);
  }
});

test('a denial whose code was lost is a denial still', () => {
  const response = { ...fc.sample(anyDeny, 1)[0], code: undefined } as unknown as DenyResponse;
  const { status } = checkResponse.decode(encodeCheckResponse(response)) as {
    status: { code: number };
  };
  assert.equal(status.code, 2);
});

test('an allow says so, in bytes that are there', () => {
  const [response] = fc.sample(anyAllow, 1);
  assert.ok(response !== undefined);
  const bytes = encodeCheckResponse(response);
  assert.deepEqual([...bytes.subarray(0, 4)], [0x0a, 0x02, 0x08, 0x00]);
  assert.deepEqual((checkResponse.decode(bytes) as { status: object }).status, { code: 0 });
});

test('an answer is not changed by the next one', () => {
  const [first, second] = fc.sample(anyAllow, 2);
  assert.ok(first !== undefined && second !== undefined);
  const bytes = encodeCheckResponse(first);
  const before = Buffer.from(bytes);
  encodeCheckResponse(second);
  assert.deepEqual(Buffer.from(bytes), before);
});

test('a number with more digits than a double is the nearest double in the metadata', () => {
  const [response] = fc.sample(anyAllow, 1);
  assert.ok(response !== undefined);
  const encoded = (id: JsonValue) =>
    encodeCheckResponse({ ...response, metadata: { ids: [id], nested: { id } } });
  const digits = '12345678901234567890';
  assert.deepEqual(encoded(JSON.rawJSON(digits)), encoded(Number(digits)));
});

test('an answer of several megabytes is written, and the next small one too', () => {
  const large: DenyResponse = {
    outcome: 'deny',
    code: 7,
    reason: 'policy_denied',
    httpStatus: 403,
    headers: [],
    body: 'é'.repeat(2 ** 20),
    metadata: {},
  };
  assert.equal(bodyLength(large), 2 ** 20);
  assert.equal(bodyLength({ ...large, body: 'small' }), 5);
});

test('after an answer that cannot be encoded, the next one can', () => {
  const cycle: Record<string, JsonValue> = {};
  cycle['again'] = cycle;
  const [response] = fc.sample(anyAllow, 1);
  assert.ok(response !== undefined);
  const before = encodeCheckResponse(response);
  assert.throws(() => encodeCheckResponse({ ...response, metadata: cycle }), RangeError);
  assert.deepEqual(encodeCheckResponse(response), before);
});

test('the statuses that a policy may choose are those that Envoy has', () => {
  const statusCode = ourDescriptors['envoy.type.v3.StatusCode'] as unknown as {
    type: { value: { number: number }[] };
  };
  const numbers = statusCode.type.value.map(({ number }) => number);
  for (let status = 0; status < 600; status += 1) {
    const wanted = numbers.includes(status) && status >= 200;
    assert.equal(isEnvoyStatus(status), wanted, String(status));
  }
});

function bodyLength(response: CheckResponse): number {
  const decoded = checkResponse.decode(encodeCheckResponse(response));
  return (decoded as { deniedResponse: { body: string } }).deniedResponse.body.length;
}

/** What protobufjs gives for a response. */
function expected(response: CheckResponse): object {
  const dynamicMetadata = struct(response.metadata);
  if (response.outcome === 'deny') {
    const { code, reason, httpStatus, headers, body } = response;
    return {
      status: { code, message: reason },
      deniedResponse: { status: { code: httpStatus }, headers: headers.map(option), body },
      dynamicMetadata,
    };
  }
  return {
    status: { code: 0 },
    okResponse: {
      headers: response.requestHeaders.map(option),
      headersToRemove: response.requestHeadersToRemove,
      responseHeadersToAdd: response.responseHeaders.map(option),
      queryParametersToSet: response.queryParametersToSet,
      queryParametersToRemove: response.queryParametersToRemove,
    },
    dynamicMetadata,
  };
}

function option(field: { name: string; value: string; append?: boolean }): object {
  const { name: key, value, append = false } = field;
  return {
    header: { key, value },
    append: append ? { value: true } : {},
    appendAction: append ? 0 : 2,
  };
}

function struct(fields: JsonObject): object {
  return { fields: Object.entries(fields).map(([key, value]) => [key, jsonValue(value)]) };
}

function jsonValue(value: JsonValue): object {
  if (value === null) return { nullValue: 0 };
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(jsonValue) } };
  return { structValue: struct(value as JsonObject) };
}

/** Struct fields as entries, and without what is empty: protobufjs leaves out empty lists. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] =>
    key === 'fields' && !Array.isArray(item) ? [key, Object.entries(item as object)] : [key, item],
  );
  return Object.fromEntries(
    entries
      .filter(([, item]) => !(Array.isArray(item) && item.length === 0))
      .map(([key, item]) => [key, normal(item)]),
  );
}
