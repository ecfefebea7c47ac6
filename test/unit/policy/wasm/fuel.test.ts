import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addFuel, fuelExport, mostFuel } from '../../../../src/policy/wasm/fuel.ts';
import { readModule } from './fixture-modules.ts';

/** (import "env" "memory" (memory 1)) (func (export "count") (param i32) (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) 1))))) */
const countdown = Uint8Array.from(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    [0x01, 0x05, 0x01, 0x60, 0x01, 0x7f, 0x00],
    [
      0x02,
      0x0f,
      0x01,
      0x03,
      ...Buffer.from('env'),
      0x06,
      ...Buffer.from('memory'),
      0x02,
      0x00,
      0x01,
    ],
    [0x03, 0x02, 0x01, 0x00],
    [0x06, 0x06, 0x01, 0x7f, 0x00, 0x41, 0x07, 0x0b],
    [0x07, 0x09, 0x01, 0x05, 0x63, 0x6f, 0x75, 0x6e, 0x74, 0x00, 0x00],
    [0x0a, 0x10, 0x01, 0x0e, 0x00, 0x03, 0x40],
    [0x20, 0x00, 0x41, 0x01, 0x6b, 0x22, 0x00, 0x0d, 0x00, 0x0b, 0x0b],
  ].flat(),
);

function instanceOf(wasm: Uint8Array<ArrayBuffer>) {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { env: { memory } });
  const fuel = exports[fuelExport] as WebAssembly.Global;
  return { fuel, count: exports['count'] as (times: number) => void };
}

test('each turn of a loop takes a unit', () => {
  const { fuel, count } = instanceOf(addFuel(countdown));
  fuel.value = 100;
  count(10);
  assert.equal(fuel.value, 90);
});

test('what has no fuel left traps', () => {
  const { fuel, count } = instanceOf(addFuel(countdown));
  fuel.value = 10;
  count(10);
  assert.throws(() => count(1), /out of bounds/);
  fuel.value = mostFuel;
  count(1_000_000);
});

test('OPA modules stay valid', async () => {
  const { wasm } = await readModule('bundles/example.tar.gz');
  const fueled = addFuel(wasm);
  assert.ok(new WebAssembly.Module(fueled));
  assert.ok(fueled.length < wasm.length * 1.2);
});

test('bytes that are no module are refused, wherever they end', async () => {
  const { wasm } = await readModule('bundles/example.tar.gz');
  for (const length of [0, 4, 9, 20, 1000, 100_000]) {
    assert.throws(() => addFuel(wasm.subarray(0, length)), RangeError);
  }
});

test('an instruction that fills memory, and takes no fuel for it, is refused', () => {
  const filling = Uint8Array.from(countdown);
  filling.set([0xfc, 0x0b, 0x00], filling.indexOf(0x20));
  assert.throws(() => addFuel(filling), /instruction 0xfc 11/);
});

test('an instruction that OPA does not write is refused, not stepped over', () => {
  const unknown = Uint8Array.from(countdown);
  unknown[unknown.length - 4] = 0xfd;
  assert.throws(() => addFuel(unknown), /instruction 0xfd/);
});
