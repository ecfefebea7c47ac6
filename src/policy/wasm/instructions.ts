import type { WasmReader } from './leb128.ts';

export const opcode = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  load: 0x28,
  store: 0x36,
  constant: 0x41,
  longConstant: 0x42,
  isZero: 0x45,
  isNotEqual: 0x47,
} as const;

/** What follows an opcode, by its range. */
const immediates: readonly (readonly [
  first: number,
  last: number,
  skip: (reader: WasmReader) => void,
])[] = [
  [0x00, 0x01, () => {}],
  [0x02, 0x04, (reader) => reader.skipNumber()],
  [0x05, 0x05, () => {}],
  [0x0b, 0x0b, () => {}],
  [0x0c, 0x0d, (reader) => reader.skipNumber()],
  [0x0e, 0x0e, skipBranchTable],
  [0x0f, 0x0f, () => {}],
  [0x10, 0x10, (reader) => reader.skipNumber()],
  [0x11, 0x11, skipTwoNumbers],
  [0x1a, 0x1b, () => {}],
  [0x20, 0x26, (reader) => reader.skipNumber()],
  [0x28, 0x3e, skipTwoNumbers],
  [0x3f, 0x42, (reader) => reader.skipNumber()],
  [0x43, 0x43, (reader) => reader.take(4)],
  [0x44, 0x44, (reader) => reader.take(8)],
  [0x45, 0xc4, () => {}],
  [0xfc, 0xfc, skipPrefixed],
];

const skips = new Map(
  immediates.flatMap(([first, last, skip]) =>
    Array.from({ length: last - first + 1 }, (_, at) => [first + at, skip] as const),
  ),
);

/**
 * Reads one instruction and returns its opcode (WebAssembly core specification 2.0, §5.4, without
 * vectors, references and exceptions, which OPA's compiler does not write).
 */
export function readInstruction(reader: WasmReader): number {
  const code = reader.byte();
  const skip = skips.get(code);
  if (skip === undefined)
    throw new RangeError(`the module has the instruction 0x${code.toString(16)}`);
  skip(reader);
  return code;
}

function skipTwoNumbers(reader: WasmReader): void {
  reader.skipNumber();
  reader.skipNumber();
}

function skipBranchTable(reader: WasmReader): void {
  for (let targets = reader.unsigned(); targets >= 0; targets -= 1) reader.skipNumber();
}

const lastConversion = 7;

/**
 * Saturating conversions have no immediates. What copies or fills memory is refused: OPA's compiler
 * does not write it, and a single one takes as long as hundreds of thousands of turns of a loop.
 */
function skipPrefixed(reader: WasmReader): void {
  const code = reader.unsigned();
  if (code > lastConversion) throw new RangeError(`the module has the instruction 0xfc ${code}`);
}
