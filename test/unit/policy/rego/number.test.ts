import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import {
  compareNumbers,
  Decimal,
  readNumber,
  type RegoNumber,
  writeNumber,
} from '../../../../src/policy/rego/number.ts';

const readings: readonly (readonly [text: string, number: RegoNumber])[] = [
  ['0', 0],
  ['-0', 0],
  ['-0.0e5', new Decimal('-0.0e5')],
  ['1.0', new Decimal('1.0')],
  ['1e2', new Decimal('1e2')],
  ['1.', new Decimal('1.0')],
  ['.5', 0.5],
  ['.50', new Decimal('0.50')],
  ['.0', new Decimal('0.0')],
  ['1e', 1],
  ['0.1', 0.1],
  ['1e-7', 1e-7],
  ['1E-7', new Decimal('1E-7')],
  ['0.10', new Decimal('0.10')],
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', 9007199254740992n],
  ['-12345678901234567890', -12345678901234567890n],
  ['1e21', new Decimal('1e21')],
  ['1e+21', new Decimal('1e+21')],
  ['2e308', new Decimal('2e308')],
  ['0.1234567890123456789', new Decimal('0.1234567890123456789')],
  ['-00.12345678901234567890', new Decimal('-0.12345678901234567890')],
  ['1234567890123456789.5', new Decimal('1234567890123456789.5')],
  ['1e1000000', new Decimal('1e1000000')],
  ['10e999999', new Decimal('10e999999')],
  ['-00010', -10],
  ['0010e30', new Decimal('10e30')],
  ['2e-1000000', new Decimal('2e-1000000')],
];

for (const [text, number] of readings) {
  test(`${text} is read as it is written`, () => assert.deepEqual(readNumber(text), number));
}

for (const text of ['', '-', 'x', '1,2', '1e99999999999999999999', '.', 'e5', 'NaN']) {
  test(`${JSON.stringify(text)} is no number`, () => {
    assert.throws(() => readNumber(text), RangeError);
  });
}

test('what has no digits cannot be written', () => {
  assert.throws(() => writeNumber(Infinity), /Infinity is not a number of Rego/);
  assert.throws(() => writeNumber(NaN), RangeError);
});

test('numbers are compared by value, and huge ones at once', () => {
  const rising = [
    '-1e1000000',
    '-10000000000000000000',
    '-2e-1000000',
    '0',
    '2e-1000000',
    '2.1e-1000000',
    '0.1',
    '0.10000000000000000001',
    '1',
    '9007199254740993',
    '9007199254740993.5',
    '1e999999',
    '1.5e1000000',
  ].map(readNumber);
  for (const [at, a] of rising.entries()) {
    for (const [other, b] of rising.entries()) {
      assert.equal(Math.sign(compareNumbers(a, b)), Math.sign(at - other), `${at} ${other}`);
    }
  }
});

test('every double is read as it was written', () => {
  fc.assert(
    fc.property(fc.double({ noDefaultInfinity: true, noNaN: true }), (double) => {
      assert.equal(Number(writeNumber(readNumber(String(double)))), double + 0);
    }),
    { numRuns: 1000 },
  );
});

test('every integer is read as it was written, in one form', () => {
  fc.assert(
    fc.property(fc.bigInt(), (integer) => {
      const number = readNumber(String(integer));
      assert.equal(writeNumber(number), String(integer));
      assert.equal(typeof number === 'number', Number.isSafeInteger(Number(number)));
    }),
  );
});

test('a float keeps its zeros, and equals the integer without them', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.nat(30), (integer, zeros) => {
      const text = `${integer}.${'0'.repeat(zeros + 1)}e0`;
      assert.equal(writeNumber(readNumber(text)), text);
      assert.equal(compareNumbers(readNumber(text), readNumber(String(integer))), 0);
    }),
  );
});

test('an integer of a million digits is read at once', () => {
  const text = '1'.repeat(1_000_000);
  assert.deepEqual(readNumber(text), new Decimal(text));
});
