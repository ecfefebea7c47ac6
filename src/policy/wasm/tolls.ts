import { opcode, readInstruction } from './instructions.ts';
import { WasmReader } from './leb128.ts';
import { readLocals } from './sections.ts';
import { mostWeight, weightOf } from './weights.ts';

/** A place in a function's body where units of fuel are to be taken. */
export interface Toll {
  readonly at: number;
  readonly units: number;
}

/**
 * A function that calls no other is not tolled at its entry while it is this short: most of OPA's
 * only read a field. The weight of a call pays for it.
 */
const freeWeight = 16;

/**
 * Where a function is to pay: on every way through it, the instructions between two tolls weigh a
 * unit at most. There is a toll at each turn of a loop, at the entry of a function that calls others,
 * and where that much has run since the last one.
 *
 * Throws a RangeError for code that could reach the counter, which is the global after the module's.
 */
export function tollsOf(body: Uint8Array, globals: number): Toll[] {
  const reader = new WasmReader(body);
  readLocals(reader);
  const tolls = new TollPlan(globals);
  if (callsOthers(body, reader.at)) tolls.add(reader.at, 1);
  const immediates = new WasmReader(body);
  while (!reader.atEnd) {
    const { at } = reader;
    immediates.at = at + 1;
    const code = readInstruction(reader);
    tolls.weigh(at, weightOf(code));
    tolls.follow(code, immediates, reader.at);
  }
  return tolls.tolls;
}

function callsOthers(body: Uint8Array, start: number): boolean {
  const reader = new WasmReader(body, start);
  while (!reader.atEnd) {
    const code = readInstruction(reader);
    if (code === opcode.call || code === opcode.callIndirect) return true;
  }
  return false;
}

/** What branches may lead to: the end of a block, or the beginning of a loop. */
interface Label {
  /** The most that is unpaid where a branch to it leaves. */
  unpaid: number;
  /** The same where an `if` begins, whose `else` begins with it. */
  readonly unpaidBefore: number;
}

/** Code runs forwards but for loops, which are tolled; so one pass knows all ways to each place. */
class TollPlan {
  readonly tolls: Toll[] = [];
  readonly #globals: number;
  readonly #labels: Label[] = [];
  /** The most that may be unpaid here, of all ways that lead here. */
  #unpaid = mostWeight - freeWeight;

  constructor(globals: number) {
    this.#globals = globals;
  }

  add(at: number, units: number): void {
    this.tolls.push({ at, units });
    this.#unpaid = 0;
  }

  /** An instruction that weighs more than a unit pays for itself alone. */
  weigh(at: number, weight: number): void {
    if (this.#unpaid + weight > mostWeight) this.add(at, Math.ceil(weight / mostWeight));
    this.#unpaid += Math.min(weight, mostWeight);
  }

  /** Where the instruction that ends at `end` leads to. */
  follow(code: number, immediates: WasmReader, end: number): void {
    switch (code) {
      case opcode.loop:
        this.#open(0);
        return this.add(end, 1);
      case opcode.block:
        return this.#open(0);
      case opcode.if:
        return this.#open(this.#unpaid);
      case opcode.else:
        return this.#otherwise();
      case opcode.end:
        return this.#close();
      case opcode.branchIf:
        return this.#branch(immediates.unsigned());
      case opcode.branch:
        this.#branch(immediates.unsigned());
        return this.#stop();
      case opcode.branchTable:
        this.#branchTable(immediates);
        return this.#stop();
      case opcode.return:
      case opcode.unreachable:
        return this.#stop();
      case opcode.globalGet:
      case opcode.globalSet:
        return this.#requireOwn(immediates.unsigned());
      default:
    }
  }

  #open(unpaidBefore: number): void {
    this.#labels.push({ unpaid: 0, unpaidBefore });
  }

  #otherwise(): void {
    const label = this.#labels.at(-1);
    this.#branch(0);
    this.#unpaid = label?.unpaidBefore ?? 0;
  }

  #close(): void {
    const { unpaid, unpaidBefore } = this.#labels.pop() ?? { unpaid: 0, unpaidBefore: 0 };
    this.#unpaid = Math.max(this.#unpaid, unpaid, unpaidBefore);
  }

  /** A branch to a loop is harmless here: the loop's toll is what it arrives at. */
  #branch(depth: number): void {
    const label = this.#labels.at(-1 - depth);
    if (label !== undefined) label.unpaid = Math.max(label.unpaid, this.#unpaid);
  }

  #branchTable(immediates: WasmReader): void {
    for (let left = immediates.unsigned(); left >= 0; left -= 1) {
      this.#branch(immediates.unsigned());
    }
  }

  /** What follows is reached only by branches. */
  #stop(): void {
    this.#unpaid = 0;
  }

  #requireOwn(global: number): void {
    if (global >= this.#globals) throw new RangeError(`the module has no global ${global}`);
  }
}
