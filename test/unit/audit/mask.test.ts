import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileMask, type Maskable } from '../../../src/audit/mask.ts';
import type { JsonValue } from '../../../src/domain/json.ts';

interface Case {
  readonly name: string;
  readonly mask?: readonly string[];
  readonly input?: JsonValue;
  readonly result?: JsonValue;
  readonly maskedInput?: JsonValue;
  readonly maskedResult?: JsonValue;
  readonly erased: readonly string[];
}

const http = (members: JsonValue): JsonValue => ({ attributes: { request: { http: members } } });
const httpPointer = '/input/attributes/request/http';

const cases: readonly Case[] = [
  {
    name: 'credentials in the headers',
    input: http({
      headers: { authorization: 's', cookie: 's', 'proxy-authorization': 's', x: '1' },
    }),
    maskedInput: http({ headers: { x: '1' } }),
    erased: ['authorization', 'cookie', 'proxy-authorization'].map(
      (name) => `${httpPointer}/headers/${name}`,
    ),
  },
  {
    name: 'credentials in any case of letters',
    input: http({ headers: { Authorization: 's', COOKIE: 's' } }),
    maskedInput: http({ headers: {} }),
    erased: [`${httpPointer}/headers/Authorization`, `${httpPointer}/headers/COOKIE`],
  },
  {
    name: 'credentials in the other encoding of headers, of which the name stays',
    input: http({
      headerMap: {
        headers: [
          { key: 'x', rawValue: 'MQ==' },
          { key: 'authorization', rawValue: 's' },
          { key: 'Cookie', value: 's', rawValue: 's' },
          { rawValue: 's' },
        ],
      },
    }),
    maskedInput: http({
      headerMap: {
        headers: [
          { key: 'x', rawValue: 'MQ==' },
          { key: 'authorization' },
          { key: 'Cookie' },
          { rawValue: 's' },
        ],
      },
    }),
    erased: [
      `${httpPointer}/headerMap/headers/1/rawValue`,
      `${httpPointer}/headerMap/headers/2/value`,
      `${httpPointer}/headerMap/headers/2/rawValue`,
    ],
  },
  {
    name: 'credentials that the policy adds to the request or the response',
    result: {
      allowed: true,
      headers: { authorization: 's', 'x-user': 'u' },
      response_headers_to_add: [{ 'set-cookie': ['s'] }, { 'x-a': 'b' }],
    },
    maskedResult: {
      allowed: true,
      headers: { 'x-user': 'u' },
      response_headers_to_add: [{}, { 'x-a': 'b' }],
    },
    erased: ['/result/headers/authorization', '/result/response_headers_to_add/0/set-cookie'],
  },
  {
    name: 'a configured header in both encodings, in any case of letters',
    mask: ['/input/attributes/request/http/headers/X-Api-Key'],
    input: http({
      headers: { 'x-api-key': 's', x: '1' },
      headerMap: { headers: [{ key: 'x-API-key', rawValue: 's' }] },
    }),
    maskedInput: http({ headers: { x: '1' }, headerMap: { headers: [{ key: 'x-API-key' }] } }),
    erased: [`${httpPointer}/headers/x-api-key`, `${httpPointer}/headerMap/headers/0/rawValue`],
  },
  {
    name: 'a header called key hides nothing else',
    input: http({ headers: { key: 'cookie', value: 'v', rawValue: 'r' } }),
    maskedInput: http({ headers: { key: 'cookie', value: 'v', rawValue: 'r' } }),
    erased: [],
  },
  {
    name: 'what is configured, under input and result, in lists and with escapes',
    mask: [
      '/input/parsed_body/password',
      '/input/parsed_body/cards/1/number',
      '/input/parsed_body/a~1b',
      '/input/parsed_body/~0',
      '/result/token',
      '/input/parsed_body/missing',
      '/input/parsed_body/cards/7',
    ],
    input: {
      parsed_body: { password: 's', cards: [{ number: 1 }, { number: 2 }], 'a/b': 1, '~': 2, c: 3 },
    },
    result: { token: 's', allowed: false },
    maskedInput: { parsed_body: { cards: [{ number: 1 }, {}], c: 3 } },
    maskedResult: { allowed: false },
    erased: [
      '/input/parsed_body/password',
      '/input/parsed_body/cards/1/number',
      '/input/parsed_body/a~1b',
      '/input/parsed_body/~0',
      '/result/token',
    ],
  },
  {
    name: 'two elements of one list, in either order',
    mask: ['/input/list/0', '/input/list/1'],
    input: { list: ['s', 's', 'kept'] },
    maskedInput: { list: [null, null, 'kept'] },
    erased: ['/input/list/0', '/input/list/1'],
  },
  {
    name: 'the whole input',
    mask: ['/input'],
    input: { a: 1 },
    result: true,
    maskedResult: true,
    erased: ['/input'],
  },
];

function masking(mask: readonly string[], record: Maskable) {
  return compileMask(mask)(record);
}

for (const { name, mask = [], input, result, maskedInput, maskedResult, erased } of cases) {
  test(`masks ${name}`, () => {
    const before = JSON.stringify({ input, result });
    const masked = masking(mask, { input, result });
    assert.equal(JSON.stringify(masked.input), JSON.stringify(maskedInput));
    assert.equal(JSON.stringify(masked.result), JSON.stringify(maskedResult));
    assert.deepEqual(masked.erased, erased);
    assert.equal(JSON.stringify({ input, result }), before, 'the original is as it was');
  });
}

test('headers that hold tokens are masked wherever headers are, without being asked for', () => {
  const entry = { key: 'X-User-Token', rawValue: 'czNjcmV0' };
  const record = {
    input: http({ headers: { 'x-user-token': 's3cret' }, headerMap: { headers: [entry] } }),
    result: { headers: { 'x-user-token': 's3cret' } },
  };
  const masked = compileMask([], ['x-user-token'])(record);
  assert.doesNotMatch(JSON.stringify(masked), /s3cret|czNjcmV0/);
  assert.deepEqual(masked.erased, [
    `${httpPointer}/headers/x-user-token`,
    `${httpPointer}/headerMap/headers/0/rawValue`,
    '/result/headers/x-user-token',
  ]);
});

test('what has no secret comes back as the very same value', () => {
  const input = http({ headers: { accept: '*/*' } });
  const result = { allowed: true };
  const masked = masking(['/input/parsed_body/x'], { input, result });
  assert.equal(masked.input, input);
  assert.equal(masked.result, result);
});

test('a pointer that is none, or that points elsewhere, is refused with what to do', () => {
  for (const pointer of ['', 'input', '/caller/principal', '/inputs/x', '/input/~2', '#/input']) {
    assert.throws(() => compileMask([pointer]), /begins with \/input or \/result/, pointer);
  }
});
