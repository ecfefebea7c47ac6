import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { formatAddress } from '../../../src/domain/listen-address.ts';
import { nearest } from '../../../src/config/schema/nearest.ts';
import { parseDuration, parseRate, parseSize } from '../../../src/config/schema/units.ts';
import { parseAddress } from '../../../src/config/schema/values.ts';

test('durations are one number and one unit, in milliseconds', () => {
  const read = ['500ms', '30s', '5m', '24h', '0ms'].map(parseDuration);
  assert.deepEqual(read, [500, 30_000, 300_000, 86_400_000, 0]);
  for (const text of ['', '5', 's', '1.5s', '-1s', '1m30s', '1 s', '1d', '1S', '9999999999999ms']) {
    assert.equal(parseDuration(text), undefined, text);
  }
});

test('sizes are one number and one binary unit, in bytes', () => {
  const read = ['512B', '64KiB', '4MiB', '1GiB'].map(parseSize);
  assert.deepEqual(read, [512, 65_536, 4_194_304, 1_073_741_824]);
  for (const text of ['4MB', '4M', '4', 'MiB', '1.5MiB', '99999999999GiB', '1toString']) {
    assert.equal(parseSize(text), undefined, text);
  }
});

test('rates are a count and a duration', () => {
  assert.deepEqual(parseRate('100/1m'), { quota: 100, windowMs: 60_000 });
  for (const text of ['100', '100/', '/1m', '100/m', '1.5/1m', '-1/1m', '1/1m/1m']) {
    assert.equal(parseRate(text), undefined, text);
  }
});

test('addresses are host:port, [IPv6]:port or unix:/path', () => {
  assert.deepEqual(parseAddress('localhost:0'), { kind: 'tcp', host: 'localhost', port: 0 });
  assert.deepEqual(parseAddress('[::1]:9191'), { kind: 'tcp', host: '::1', port: 9191 });
  assert.deepEqual(parseAddress('unix:/run/s.sock'), { kind: 'unix', path: '/run/s.sock' });
  const bad = [
    '',
    ':9191',
    'a',
    'a:',
    'a:65536',
    'a:-1',
    '::1:9191',
    '[::1]',
    '[1.2.3.4]:1',
    '[::g]:1',
  ];
  for (const text of [...bad, 'unix:', 'unix:s.sock', `unix:/${'s'.repeat(107)}`, 'http://a:1']) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test('an address that is printed is read as the same address', () => {
  const port = fc.nat(65_535);
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, port, (name, number) => {
      const address = { kind: 'tcp', host: name, port: number } as const;
      assert.deepEqual(parseAddress(formatAddress(address)), address);
    }),
  );
});

test('the nearest word is the one with the fewest letters to change, if there are few', () => {
  const words = ['address', 'maxMessage', 'maxChecks', 'workers'];
  assert.equal(nearest('adress', words), 'address');
  assert.equal(nearest('maxcheck', words), 'maxChecks');
  assert.equal(nearest('timeout', words), undefined);
  assert.equal(nearest('', words), undefined);
});
