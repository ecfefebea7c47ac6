import { opcode, readInstruction } from '../instructions.ts';
import { WasmReader } from '../leb128.ts';

/** OPA's compiler nests one loop in another for each `some` of a rule. */
const maxLoopDepth = 100;

/**
 * Which locals each loop sets, loops within it included, by where the loop's code begins. Throws a
 * RangeError where loops nest too deep.
 */
export function localsSetInLoops(instructions: Uint8Array): Map<number, ReadonlySet<number>> {
  const loops = new Map<number, ReadonlySet<number>>();
  /** Of each open block, the sets of the loop that it is; undefined for what is no loop. */
  const blocks: (Set<number> | undefined)[] = [];
  const open: Set<number>[] = [];
  const reader = new WasmReader(instructions);
  const immediates = new WasmReader(instructions);
  while (!reader.atEnd) {
    immediates.at = reader.at + 1;
    const code = readInstruction(reader);
    const loop = code === opcode.loop ? new Set<number>() : undefined;
    if (loop !== undefined) {
      if (open.push(loop) > maxLoopDepth) throw new RangeError('loops nest too deep');
      loops.set(reader.at, loop);
    }
    if (isBlock(code)) blocks.push(loop);
    if (isSet(code)) open.at(-1)?.add(immediates.unsigned());
    if (code === opcode.end && blocks.pop() !== undefined) leaveLoop(open);
  }
  return loops;
}

/** What it sets, the loop around it sets, too. */
function leaveLoop(open: Set<number>[]): void {
  const left = open.pop();
  const around = open.at(-1);
  if (around !== undefined) for (const local of left ?? []) around.add(local);
}

function isBlock(code: number): boolean {
  return code === opcode.block || code === opcode.loop || code === opcode.if;
}

function isSet(code: number): boolean {
  return code === opcode.localSet || code === opcode.localTee;
}
