import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { unsigned, WasmReader } from '../../../../src/policy/wasm/leb128.ts';

test('a number is read as it was written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (value) => {
      const reader = new WasmReader(Uint8Array.from(unsigned(value)));
      assert.equal(reader.unsigned(), value);
      assert.ok(reader.atEnd);
    }),
  );
});

test('what ends too early, or is too long, is an error', () => {
  assert.throws(() => new WasmReader(Uint8Array.of(0x80)).unsigned(), /ends too early/);
  assert.throws(() => new WasmReader(new Uint8Array(9).fill(0x80)).unsigned(), /32 bits/);
  assert.throws(() => new WasmReader(Uint8Array.of(1)).take(2), /ends too early/);
});
