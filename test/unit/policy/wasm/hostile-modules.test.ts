import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addFuel } from '../../../../src/policy/wasm/fuel.ts';
import { unsigned } from '../../../../src/policy/wasm/leb128.ts';
import { loadPolicyAside } from '../../../../src/policy/wasm/load-policy.ts';
import { PolicyInstance } from '../../../../src/policy/wasm/policy-instance.ts';
import { PolicyMemory } from '../../../../src/policy/wasm/policy-memory.ts';
import { readModule } from '../../../../src/policy/wasm/policy-module.ts';
import {
  type Code,
  constant,
  firstFunction,
  firstLocal,
  forever,
  type HandMade,
  handMadeModule,
  repeated,
} from './hand-made-module.ts';

const mebibyte = 1024 * 1024;
const fuel = 20_000;

function instanceOf(module: HandMade) {
  const memory = new PolicyMemory(mebibyte, 16 * mebibyte);
  const compiled = new WebAssembly.Module(addFuel(handMadeModule(module)));
  return new PolicyInstance(compiled, memory, new Map());
}

function evaluate(instance: PolicyInstance, input = '{}'): string {
  const scope = { nowNs: 0n, remembered: new Map<string, never>() };
  return instance.evaluate({ entrypoint: 0, input, as: 'json', scope, fuel });
}

const counterAddress = 1024;

const counter: Code = [...constant(counterAddress), 0x28, 0x02, 0x00];
const countedOn: Code = [...counter, ...constant(1), 0x6a];

/** Adds one to a number in the memory: six instructions. */
const count: Code = [...constant(counterAddress), ...countedOn, 0x36, 0x02, 0x00];

/** Counts so often, one after another. */
const counts = (times: number): Code => repeated(times, count);

const block = (code: Code): Code => [0x02, 0x40, ...code, 0x0b];
const call = (index: number): Code => [0x10, firstFunction + index];

/** The way that it says to take is another at every other turn. */
const counterIsOdd: Code = [...counter, ...constant(1), 0x71];

/** What runs without end, and how. */
const endless: Readonly<Record<string, HandMade>> = {
  'long code in a loop': { evaluation: forever(counts(5000)) },
  'long code in a function that a loop calls': {
    evaluation: forever(call(0)),
    functions: [counts(5000)],
  },
  'calls of a short function': {
    evaluation: forever(repeated(100, call(0))),
    functions: [counts(2)],
  },
  'branches over the places to pay at': {
    evaluation: forever(
      repeated(100, block([...counts(9), ...constant(1), 0x0d, 0x00, ...counts(9)])),
    ),
  },
  'branches through a table': {
    evaluation: forever(
      repeated(100, block([...counts(9), ...counterIsOdd, 0x0e, 1, 0, 0, ...counts(9)])),
    ),
  },
  'the longer of two ways': {
    evaluation: forever(
      repeated(100, [...counterIsOdd, 0x04, 0x40, ...counts(9), 0x05, ...counts(8), 0x0b]),
    ),
  },
  'a way that comes back from a block in a block': {
    evaluation: forever(
      repeated(100, block(block([...counts(9), ...constant(1), 0x0d, 0x01, ...counts(9)]))),
    ),
  },
};

/** A unit pays for 64 instructions, and for calls of functions that are too short to pay. */
const mostCountsPerUnit = (64 + (64 / 8) * 16) / 6;

for (const [what, module] of Object.entries(endless)) {
  test(`${what} cannot do more than its fuel pays for`, () => {
    const instance = instanceOf(module);
    assert.throws(() => evaluate(instance), { name: 'OutOfFuel' });
    const counted = instance.memory.bytes.readUInt32LE(counterAddress);
    assert.ok(counted > fuel / 10, `only ${counted} for ${fuel} units`);
    // Reading the input is paid for beside the fuel.
    assert.ok(counted < (fuel + 100) * mostCountsPerUnit, `${counted} for ${fuel} units`);
  });
}

test('a long function with many variables takes no memory for their number times its length', async () => {
  const wasm = handMadeModule({
    locals: [1, ...unsigned(30_000), 0x7f],
    functions: [counts(40_000)],
  });
  const before = process.resourceUsage().maxRSS;
  await loadPolicyAside({ wasm, data: [] }, new Map());
  const taken = (process.resourceUsage().maxRSS - before) * 1024;
  assert.ok(taken < 500 * mebibyte, `it took ${taken} bytes`);
});

test('a module that starts without end is refused', () => {
  assert.throws(() => readModule(handMadeModule({ start: forever([]) })), {
    name: 'BundleError',
    message: /out of bounds/,
  });
});

test('an allocator without end fails the evaluation whose input it is asked to make room for', () => {
  const instance = instanceOf({ allocation: forever([]) });
  assert.equal(evaluate(instance), '[]');
  assert.throws(() => evaluate(instance, `"${'x'.repeat(mebibyte)}"`), /out of bounds/);
});

test('a memory that grows page by page takes fuel, for V8 collects garbage at each', () => {
  const instance = instanceOf({ evaluation: forever([...constant(1), 0x40, 0x00, 0x1a]) });
  assert.throws(() => evaluate(instance), { name: 'OutOfFuel' });
  assert.equal(instance.memory.bytes.length, mebibyte);
});

test('a result of more than a MiB is refused, not read', () => {
  const address = 2 * 65_536;
  // Eight bytes of text, at the address in the local and two pages, and the address goes on.
  const store: Code = [
    0x20,
    firstLocal,
    0x42,
    ...repeated(9, [0xa0]),
    0x00,
    0x37,
    0,
    0x80,
    0x80,
    8,
  ];
  const step: Code = [0x20, firstLocal, ...constant(8), 0x6a, 0x22, firstLocal];
  const fill: Code = [
    0x03,
    0x40,
    ...store,
    ...step,
    ...constant(2 * mebibyte),
    0x49,
    0x0d,
    0x00,
    0x0b,
  ];
  const growth: Code = [...constant(32), 0x40, 0x00, 0x1a];
  const instance = instanceOf({
    start: growth,
    evaluation: [...fill, ...constant(address), 0x0f],
  });
  const scope = { nowNs: 0n, remembered: new Map<string, never>() };
  assert.throws(
    () => instance.evaluate({ entrypoint: 0, input: '{}', as: 'json', scope, fuel: 1e7 }),
    /a text of \d+ bytes, more than 1048576/,
  );
});

/** What V8 reads in another way than OPA's compiler writes, so that code could hide in it. */
const unfamiliar: Readonly<Record<string, HandMade>> = {
  'a memory by its number': {
    evaluation: [...constant(0), 0x28, 0x42, 0x00, 0x00, 0x1a],
  },
  'a block of a reference': { evaluation: [0x02, 0x63, 0x70, 0xd0, 0x70, 0x0b, 0x1a] },
  'a local of a reference': { locals: [1, 1, 0x63, 0x70] },
  'a memory of its own': { memories: [1, 0x00, 0x01] },
  'a table of millions of entries': { tables: [1, 0x70, 0x00, 0x80, 0xad, 0xe2, 0x04] },
  'thousands of names for a function': { aliases: 2000 },
};

for (const [what, module] of Object.entries(unfamiliar)) {
  test(`a module with ${what} is refused, which V8 would take`, () => {
    const wasm = handMadeModule(module);
    assert.ok(new WebAssembly.Module(wasm));
    assert.throws(() => addFuel(wasm), RangeError);
  });
}

test('a module that would fill its own fuel is refused', () => {
  for (const globalSet of [0x23, 0x24]) {
    const wasm = handMadeModule({ evaluation: [...constant(1), globalSet, 2, 0x1a] });
    assert.throws(() => addFuel(wasm), /no global 2/);
  }
});
