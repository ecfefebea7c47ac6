import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HeaderField } from '../../../../src/domain/decision/decision.ts';
import {
  headerFault,
  headerSetFault,
  maxHeaderFields,
  maxHeaderSetBytes,
  maxHeaderValueBytes,
} from '../../../../src/domain/request/header.ts';

const writable: readonly [name: string, value: string][] = [
  ['x-tenant', 'shop'],
  ['X-Tenant', 'shop'],
  ['x-empty', ''],
  ['x-tab', 'a\tb'],
  ['x-name', 'Bücher'],
  ["!#$%&'*+-.^_`|~", 'a token'],
  ['x-long', 'a'.repeat(maxHeaderValueBytes)],
];

const faulty: readonly [name: string, value: string][] = [
  ['', 'no name'],
  [':path', '/admin'],
  [':authority', 'admin'],
  ['x tenant', 'space'],
  ['x-tenant:', 'colon'],
  ['x-tenant\r\nx-admin', 'split'],
  ['x-bücher', 'beyond ASCII'],
  ['x'.repeat(257), 'long name'],
  ['Host', 'admin.shop'],
  ['content-length', '0'],
  ['Transfer-Encoding', 'chunked'],
  ['connection', 'close'],
  ['x-tenant', 'a\r\nx-admin: 1'],
  ['x-tenant', 'a\n'],
  ['x-tenant', 'a\0'],
  ['x-tenant', 'a\x7f'],
  ['x-long', 'a'.repeat(maxHeaderValueBytes + 1)],
  ['x-long', 'é'.repeat(maxHeaderValueBytes / 2 + 1)],
];

for (const [name, value] of writable) {
  test(`header ${JSON.stringify(name)} may be ${JSON.stringify(value.slice(0, 20))}`, () => {
    assert.equal(headerFault({ name, value }), undefined);
  });
}

for (const [name, value] of faulty) {
  test(`header ${JSON.stringify(name.slice(0, 20))} may not be ${JSON.stringify(value.slice(0, 20))}`, () => {
    assert.notEqual(headerFault({ name, value }), undefined);
  });
}

test('a fault names the header and shows none of its value', () => {
  assert.equal(
    headerFault({ name: 'x-token', value: 'secret\r\n' }),
    'the value of header x-token has control characters',
  );
});

function copies(count: number, field: HeaderField): HeaderField[] {
  return Array.from({ length: count }, () => field);
}

test('a set of headers is bounded in number and in bytes', () => {
  const small = { name: 'x-a', value: 'a' };
  assert.equal(headerSetFault(copies(maxHeaderFields, small)), undefined);
  assert.notEqual(headerSetFault(copies(maxHeaderFields + 1, small)), undefined);
  const large = { name: 'x-b', value: 'b'.repeat(maxHeaderValueBytes - 3) };
  const most = maxHeaderSetBytes / maxHeaderValueBytes;
  assert.equal(headerSetFault(copies(most, large)), undefined);
  assert.notEqual(headerSetFault(copies(most + 1, large)), undefined);
});

test('one faulty header is the fault of the set', () => {
  const fault = headerSetFault([
    { name: 'x-a', value: 'a' },
    { name: ':path', value: '/' },
  ]);
  assert.equal(fault, 'header name ":path" is not valid');
});
