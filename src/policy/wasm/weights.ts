import { opcode } from './instructions.ts';

/** What a unit of fuel pays for, in simple instructions, such as an addition. */
export const mostWeight = 64;

/** What takes longer than a simple instruction, by the range of opcodes, in simple instructions. */
const heavier: readonly (readonly [first: number, last: number, weight: number])[] = [
  [opcode.call, opcode.callIndirect, 8],
  // Makes a new ArrayBuffer, and has V8 collect garbage where memories are large: 0.2 to 1 ms.
  [opcode.memoryGrow, opcode.memoryGrow, 100_000 * mostWeight],
  // Comparisons of floating-point numbers, and beyond: division, their arithmetic, conversions.
  [0x5b, 0x66, 3],
  [0x6c, 0x6c, 3],
  [0x6d, 0x70, 8],
  [0x7e, 0x7e, 3],
  [0x7f, 0x82, 8],
  [0x8b, 0xa6, 12],
  [0xa8, 0xab, 12],
  [0xae, 0xbb, 12],
  [0xfc, 0xfc, 16],
];

const weights = new Map(
  heavier.flatMap(([first, last, weight]) =>
    Array.from({ length: last - first + 1 }, (_, at) => [first + at, weight] as const),
  ),
);

export function weightOf(code: number): number {
  return weights.get(code) ?? 1;
}
