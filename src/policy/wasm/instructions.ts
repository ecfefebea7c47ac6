import type { WasmReader } from './leb128.ts';
import { isNumberType } from './sections.ts';

export const opcode = {
  unreachable: 0x00,
  nop: 0x01,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  branchTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  load: 0x28,
  store: 0x36,
  memoryGrow: 0x40,
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
  [0x02, 0x04, skipBlockType],
  [0x05, 0x05, () => {}],
  [0x0b, 0x0b, () => {}],
  [0x0c, 0x0d, (reader) => reader.skipNumber()],
  [0x0e, 0x0e, skipBranchTable],
  [0x0f, 0x0f, () => {}],
  [0x10, 0x10, (reader) => reader.skipNumber()],
  [0x11, 0x11, skipTwoNumbers],
  [0x1a, 0x1b, () => {}],
  [0x20, 0x26, (reader) => reader.skipNumber()],
  [0x28, 0x3e, skipAddress],
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
 * vectors, references, exceptions and second memories, which OPA's compiler does not write).
 *
 * V8 must read the same: where it took fewer or more bytes for one instruction, code could hide from
 * what is done here to all code. So what has other forms in V8 is refused in them.
 */
export function readInstruction(reader: WasmReader): number {
  const code = reader.byte();
  const skip = skips.get(code);
  if (skip === undefined)
    throw new RangeError(`the module has the instruction 0x${code.toString(16)}`);
  skip(reader);
  return code;
}

const emptyBlock = 0x40;

/** A block gives nothing, or one number; V8 also reads references, of two bytes and more. */
function skipBlockType(reader: WasmReader): void {
  const type = reader.byte();
  if (type !== emptyBlock && !isNumberType(type)) {
    throw new RangeError(`the module has a block of the type 0x${type.toString(16)}`);
  }
}

const mostAlignment = 3;

/** An alignment and an offset; beyond the alignments V8 reads the number of a memory between them. */
function skipAddress(reader: WasmReader): void {
  const alignment = reader.byte();
  if (alignment > mostAlignment)
    throw new RangeError(`the module has an alignment of ${alignment}`);
  reader.skipNumber();
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
