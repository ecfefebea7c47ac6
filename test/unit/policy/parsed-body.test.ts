import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpAttributes } from '../../../src/domain/request/attributes.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import { readGrpcMethods } from '../../../src/policy/input/body/grpc-body.ts';
import { inputDocument } from '../../../src/policy/input/input-document.ts';
import { jsonText } from '../../../src/domain/json.ts';
import { questionOf } from './http-question.ts';
import { shopDescriptorSet } from './shop-descriptor.ts';

const anyBody = { maxBodyBytes: Infinity, readsBody: true };
const grpcMethods = readGrpcMethods(shopDescriptorSet());

/** `value`: parsed_body. `truncated`: null, because it was cut. `bad`: denied as bad_request. */
type Expected = { readonly value: unknown } | 'truncated' | 'bad';
type Row = readonly [name: string, http: HttpAttributes, expected: Expected];

const unread = { value: null };
const person = { value: { firstname: 'foo', lastname: 'bar' } };

function typed(contentType: string, body: string, more: Record<string, string> = {}) {
  return { headers: { 'content-type': contentType, ...more }, body };
}

function json(body: string, more: Record<string, string> = {}): HttpAttributes {
  return typed('application/json', body, more);
}

function form(body: string, more: Record<string, string> = {}): HttpAttributes {
  return typed('application/x-www-form-urlencoded', body, more);
}

function multipart(lines: readonly string[], newline = '\r\n'): HttpAttributes {
  return typed('multipart/form-data; boundary=foo', lines.join(newline));
}

function part(name: string, value: string, ...headers: string[]): string[] {
  return ['--foo', `Content-Disposition: form-data; name="${name}"`, ...headers, '', value];
}

function grpc(path: string | undefined, base64: string | undefined): HttpAttributes {
  return {
    headers: { 'content-type': 'application/grpc' },
    method: 'POST',
    ...(path !== undefined && { path }),
    ...(base64 !== undefined && { rawBody: Buffer.from(base64, 'base64') }),
  };
}

const personText = '{"firstname": "foo", "lastname": "bar"}';
const partial = { 'x-envoy-auth-partial-body': 'true' };

/** The cases that opa-envoy-plugin's own tests have, re-expressed. */
const pluginRows: readonly Row[] = [
  ['no content type', { headers: { 'content-length': '0' } }, unread],
  ['a content type that nobody reads', { headers: { 'content-type': 'text/html' } }, unread],
  ['a JSON string', json('"foo"'), { value: 'foo' }],
  ['a JSON boolean', json('true'), { value: true }],
  ['a JSON number', json('42'), { value: 42 }],
  ['a JSON null', json('null'), { value: null }],
  ['a JSON object', json(personText), person],
  ['a JSON array', json('["hello", "opa"]'), { value: ['hello', 'opa'] }],
  [
    'JSON escapes',
    json(String.raw`["\"", "\\", "\/", "/", "\b", "\f", "\n", "\r", "\t", "\u0041"]`),
    { value: ['"', '\\', '/', '/', '\b', '\f', '\n', '\r', '\t', 'A'] },
  ],
  [
    'multipart with bare line feeds and white space after the end',
    multipart([...part('foo', 'bar', 'Content-Type: text/plain'), '--foo--', '\t\t\t'], '\n'),
    { value: { foo: ['bar'] } },
  ],
  [
    'multipart with a JSON part',
    multipart(
      [
        ...part('foo', 'bar', 'Content-Type: text/plain'),
        ...part('bar', '{"name": "bar"}', 'Content-Type: application/json;'),
        '--foo--',
        '\t\t\t',
      ],
      '\n',
    ),
    { value: { foo: ['bar'], bar: [{ name: 'bar' }] } },
  ],
  ['an empty JSON body', json(''), unread],
  ['less JSON than announced', json('true', { 'content-length': '1000' }), 'truncated'],
  [
    'a form in raw bytes',
    {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      rawBody: Buffer.from('firstname=foo&lastname=bar'),
    },
    { value: { firstname: ['foo'], lastname: ['bar'] } },
  ],
  [
    'a form',
    form('firstname=foo&lastname=bar'),
    { value: { firstname: ['foo'], lastname: ['bar'] } },
  ],
  ['an empty form', form(''), unread],
  [
    'a form with a repeated key',
    form('firstname=foo&lastname=bar&lastname=foobar'),
    { value: { firstname: ['foo'], lastname: ['bar', 'foobar'] } },
  ],
  [
    'less of a form than announced',
    form('firstname=foo&lastname=bar', { 'content-length': '1000' }),
    'truncated',
  ],
  [
    'JSON in raw bytes',
    {
      headers: { 'content-type': 'application/json' },
      rawBody: Buffer.from('{\n    "firstname": "foo",\n    "lastname": "bar"\n}'),
    },
    person,
  ],
  ['JSON that Envoy cut', json(personText, partial), 'truncated'],
  [
    'JSON that Envoy did not cut',
    json(personText, { 'x-envoy-auth-partial-body': 'false' }),
    person,
  ],
  ['a form that Envoy cut', form('firstname=foo', partial), 'truncated'],
  [
    'multipart that Envoy cut',
    typed('multipart/form-data; boundary=foo', '--foo\n\nbar\n--foo--\n', partial),
    'truncated',
  ],
  ['text that is no JSON', json('["foo" : 42}'), 'bad'],
  ['gRPC on a path that is no method', grpc(undefined, 'AAAAAAYKBEpvaG4='), 'bad'],
  ['gRPC without raw bytes', grpc('/shop.Stock/Reserve', undefined), unread],
  [
    'a gRPC message of messages and wrappers',
    grpc(
      '/shop.Stock/Reserve',
      'AAAAADYKFgoHCgVFUlJPUhILCglTZWNOdW1iZXISHAoMCgpCb2R5IHZhbHVlEgwKCk5hbWUgVmFsdWU=',
    ),
    {
      value: {
        metadata: { severityText: 'ERROR', severityNumber: 'SecNumber' },
        data: { body: 'Body value', name: 'Name Value' },
      },
    },
  ],
  [
    'a gRPC message of a streaming answer',
    grpc('/shop.Books/ByAuthor', 'AAAAAAYKBEpvaG4='),
    { value: { author: 'John' } },
  ],
  ['an unknown gRPC service', grpc('/shop.Nobody/ByAuthor', 'AAAAAAYKBEpvaG4='), unread],
  ['an unknown gRPC method', grpc('/shop.Books/ByNobody', 'AAAAAAYKBEpvaG4='), unread],
  ['an empty gRPC message', grpc('/shop.Books/ByAuthor', 'AAAAAAA='), { value: {} }],
  ['a compressed gRPC message', grpc('/shop.Books/ByAuthor', 'AQAAADwfiwgAAAAAAAD/'), unread],
  ['less gRPC than its frame says', grpc('/shop.Books/ByAuthor', 'AAAAABEImqaMww=='), 'truncated'],
];

const rows: readonly Row[] = [
  ...pluginRows,
  ['a content type with another case', typed('Application/JSON', 'true'), unread],
  ['JSON with parameters', typed('application/json; charset=utf-8', '1'), { value: 1 }],
  ['JSON of a vendor', typed('application/vnd.shop+json', '1'), unread],
  ['more JSON than announced', json('true', { 'content-length': '1' }), { value: true }],
  ['JSON of unknown length', json('true', { 'content-length': '-1' }), { value: true }],
  ['a Content-Length that is no number', json('true', { 'content-length': '4, 4' }), 'bad'],
  ['JSON after a byte order mark', json('\ufefftrue'), 'bad'],
  ['two JSON values', json('true false'), 'bad'],
  ['JSON as deep as may be', json('['.repeat(500) + ']'.repeat(500)), { value: nested(500) }],
  ['deeper JSON', json('['.repeat(501) + ']'.repeat(501)), 'bad'],
  ['JSON nested a million times', json('['.repeat(1e6)), 'bad'],
  ['a form with a semicolon', form('a=1;b=2'), 'bad'],
  ['a form with a bad escape', form('a=%4'), 'bad'],
  ['a form with a key of the prototype', form('__proto__=1'), { value: { ['__proto__']: ['1'] } }],
  ['gRPC shorter than a frame', grpc('/shop.Books/ByAuthor', 'AAAA'), 'bad'],
  ['a gRPC message that is none', grpc('/shop.Books/ByAuthor', 'AAAAAAIKBA=='), 'bad'],
  [
    'only the first of two gRPC messages',
    grpc('/shop.Books/ByAuthor', 'AAAAAAYKBEpvaG4AAAAAAA=='),
    { value: { author: 'John' } },
  ],
  ['a gRPC method whose caller streams', grpc('/shop.Books/Upload', 'AAAAAAYKBEpvaG4='), unread],
  [
    'a 64-bit gRPC number',
    grpc('/shop.Books/ByNumber', 'AAAAAAoI//////////9/'),
    { value: { isbn: '9223372036854775807' } },
  ],
  [
    'gRPC that Envoy sent as text',
    { ...typed('application/grpc', '\0\0\0\0\x06\n\x04John'), path: '/shop.Books/ByAuthor' },
    unread,
  ],
  ['multipart without a boundary', typed('multipart/form-data', '--foo--'), unread],
  ['multipart with an empty boundary', typed('multipart/form-data; boundary=""', '----'), 'bad'],
  [
    'multipart with two boundaries',
    typed('multipart/form-data; boundary=a; boundary=b', '--a--'),
    'bad',
  ],
  [
    'multipart with a quoted boundary',
    typed('multipart/form-data; boundary="a.*b"', '--a.*b--'),
    { value: {} },
  ],
  [
    'multipart whose boundary is no pattern',
    typed('multipart/form-data; boundary="a.*b"', '--axxb--'),
    'bad',
  ],
  ['multipart of no parts', multipart(['--foo--']), { value: {} }],
  [
    'multipart after a preamble',
    multipart(['hello', ...part('a', '1'), '--foo--']),
    { value: { a: ['1'] } },
  ],
  [
    'multipart with an empty value',
    multipart([...part('a', ''), '--foo--']),
    { value: { a: [''] } },
  ],
  ['multipart whose last value is cut', multipart(part('a', '1')), 'bad'],
  ['multipart that never begins', multipart(['a', 'b']), 'bad'],
  [
    'multipart with repeated names',
    multipart([...part('a', '1'), ...part('a', '2'), '--foo--']),
    { value: { a: ['1', '2'] } },
  ],
  [
    'multipart with a name of the prototype',
    multipart([...part('__proto__', '1'), '--foo--']),
    { value: { ['__proto__']: ['1'] } },
  ],
  [
    'multipart with a name in UTF-8',
    multipart([...part('é', 'ü'), '--foo--']),
    { value: { é: ['ü'] } },
  ],
  [
    'multipart with an escaped name',
    multipart([...part(String.raw`a\"b`, '1'), '--foo--']),
    { value: { 'a"b': ['1'] } },
  ],
  [
    'multipart with line breaks in a value',
    multipart([...part('a', '1\r\n\r\n--fo\n2'), '--foo--']),
    { value: { a: ['1\r\n\r\n--fo\n2'] } },
  ],
  [
    'multipart whose value quotes a longer boundary',
    multipart([...part('a', '--foobar'), '--foo--']),
    { value: { a: ['--foobar'] } },
  ],
  [
    'multipart whose value has a delimiter for some',
    multipart([...part('a', '1'), '--foo x', '--foo--']),
    'bad',
  ],
  [
    'multipart that mixes its line endings',
    multipart([...part('a', '1\n--foo\n'), '--foo--']),
    { value: { a: ['1\n--foo\n'] } },
  ],
  [
    'a part that is no field',
    multipart(['--foo', 'Content-Type: text/plain', '', '1', '--foo--']),
    { value: {} },
  ],
  [
    'a part of another disposition',
    multipart(['--foo', 'Content-Disposition: attachment; name="a"', '', '1', '--foo--']),
    { value: {} },
  ],
  ['a part without headers', multipart(['--foo', '', '1', '--foo--']), { value: {} }],
  [
    'a part without a blank line',
    multipart(['--foo', 'Content-Disposition: form-data; name="a"', '--foo--']),
    'bad',
  ],
  [
    'a part with a folded header',
    multipart(['--foo', 'Content-Disposition: form-data;', ' name="a"', '', '1', '--foo--']),
    'bad',
  ],
  [
    'a part with two names',
    multipart(['--foo', 'Content-Disposition: form-data; name="a"; name="b"', '', '1', '--foo--']),
    'bad',
  ],
  [
    'a part with two dispositions',
    multipart([...part('a', '1', 'Content-Disposition: form-data; name="b"'), '--foo--']),
    'bad',
  ],
  [
    'a part with an extended name',
    multipart(['--foo', "Content-Disposition: form-data; name*=utf-8''a", '', '1', '--foo--']),
    'bad',
  ],
  [
    'a part in binary',
    multipart([...part('a', '1', 'Content-Transfer-Encoding: binary'), '--foo--']),
    { value: { a: ['1'] } },
  ],
  [
    'a part in quoted-printable',
    multipart([...part('a', '1', 'Content-Transfer-Encoding: quoted-printable'), '--foo--']),
    'bad',
  ],
  [
    'a JSON part that is none',
    multipart([...part('a', '{', 'Content-Type: application/json'), '--foo--']),
    'bad',
  ],
  [
    'a thousand parts',
    multipart([...Array<string[]>(1000).fill(part('a', '1')).flat(), '--foo--']),
    { value: { a: Array<string>(1000).fill('1') } },
  ],
  [
    'a thousand and one parts',
    multipart([...Array<string[]>(1001).fill(part('a', '1')).flat(), '--foo--']),
    'bad',
  ],
];

for (const [name, http, expected] of rows) {
  test(`${name}: ${describe(expected)}`, () => {
    const document = inputDocument(questionOf(http), {
      skipRequestBodyParse: false,
      ...anyBody,
      grpcMethods,
    });
    if (expected === 'bad') {
      assert.ok(document instanceof Denial);
      assert.equal(document.reason, 'bad_request');
      return;
    }
    assert.ok(!(document instanceof Denial), document instanceof Denial ? document.detail : '');
    const value = expected === 'truncated' ? null : expected.value;
    assert.equal(jsonText(document['parsed_body'] ?? null), JSON.stringify(value));
    assert.equal(document['truncated_body'], expected === 'truncated');
  });
}

test('without a descriptor, gRPC stays unread, whatever its path', () => {
  const question = questionOf(grpc('/', 'AAAAAAYKBEpvaG4='));
  const options = { skipRequestBodyParse: false, ...anyBody, grpcMethods: undefined };
  const document = inputDocument(question, options);
  assert.ok(!(document instanceof Denial));
  assert.equal(document['parsed_body'], null);
});

test('a body that is not to be parsed is not mentioned, however broken', () => {
  const options = { skipRequestBodyParse: true, ...anyBody, grpcMethods };
  const document = inputDocument(questionOf(json('{')), options);
  assert.ok(!(document instanceof Denial));
  assert.ok(!('parsed_body' in document || 'truncated_body' in document));
});

test('a body larger than is to be parsed is refused, and left alone where nobody reads it', () => {
  const maxBodyBytes = 12;
  const parsedOf = (http: HttpAttributes, readsBody: boolean) => {
    const options = {
      skipRequestBodyParse: false,
      maxBodyBytes,
      readsBody,
      grpcMethods: undefined,
    };
    const document = inputDocument(questionOf(http), options);
    return document instanceof Denial ? document.detail : jsonText(document['parsed_body'] ?? null);
  };
  assert.equal(parsedOf(json('[1,22,333,4]'), true), '[1,22,333,4]');
  for (const larger of [json('[1,22,333,44]'), form('abcdefghijklm'), json('{{{{{{{{{{{{{')]) {
    assert.match(parsedOf(larger, true) ?? '', /13 bytes, more than the 12 of policy.maxBody/);
    assert.equal(parsedOf(larger, false), 'null');
  }
  // What is not parsed anyway may be as large as it is.
  assert.equal(parsedOf(typed('text/plain', 'abcdefghijklm'), true), 'null');
  assert.equal(parsedOf(grpc('/a/b', 'AAAAAAYKBEpvaG4AAAAAAAAA'), true), 'null');
});

test('hostile multipart is judged in linear time', () => {
  const spaces = ' '.repeat(1_000_000);
  const bodies = [
    `--foo\r\na:${spaces}b`,
    `--foo\r\na:${spaces}\r`,
    `--foo${spaces}`,
    `\n--foo`.repeat(100_000),
  ];
  const startedMs = performance.now();
  for (const body of bodies) {
    for (const end of ['', '\r\n\r\n\r\n--foo--']) {
      const question = questionOf(typed('multipart/form-data; boundary=foo', body + end));
      inputDocument(question, { skipRequestBodyParse: false, ...anyBody, grpcMethods });
    }
  }
  assert.ok(performance.now() - startedMs < 2000);
});

function describe(expected: Expected): string {
  if (typeof expected === 'string') return expected;
  return JSON.stringify(expected.value).slice(0, 60);
}

function nested(depth: number): unknown {
  return JSON.parse('['.repeat(depth) + ']'.repeat(depth));
}
