import { opcode, readInstruction } from '../instructions.ts';
import { WasmReader } from '../leb128.ts';
import type { Signature } from '../sections.ts';
import { Flow } from './flow-graph.ts';
import { localsSetInLoops } from './loop-locals.ts';

/** Something on the stack: what may be of the input, a constant, … or nothing that matters here. */
export type Operand = Flow | number | 'entrypoint' | UnlessEntrypoint | undefined;

/** Whether another entrypoint than this one is evaluated. */
interface UnlessEntrypoint {
  readonly entrypoint: number;
}

export interface TracedFunction {
  readonly instructions: Uint8Array;
  /** Parameters come first; the others begin as zeros. */
  readonly locals: readonly Flow[];
  readonly parameters: number;
  readonly result: Flow;
}

/** What a function calls. Returns what may be of the input in the result. */
export interface Calls {
  call(index: number, operands: readonly Operand[]): Operand;
  callIndirect(operands: readonly Operand[]): Operand;
  signatureOf(index: number): Signature;
  signature(type: number): Signature;
}

/** Of `eval`, which finds the input in its context, and has the code of every entrypoint. */
export interface Plan {
  readonly input: Flow;
  /** The one whose code counts. */
  readonly entrypoint: number;
}

/** Where OPA's `opa_eval_ctx_t` has what; the context is eval's only parameter. */
const context = { local: 0, input: 0, data: 4, result: 8, entrypoint: 12 } as const;

const emptyBlock = 0x40;

const noLocals: ReadonlySet<number> = new Set();

interface Block {
  /** How high the stack was where it began. */
  readonly height: number;
  /** The locals that it has set so far. */
  readonly set: number[];
  /** The local that sends the way into this block, unless it is zero. */
  entrance: number | undefined;
  /** What comes behind it is reached only past it, and so with a zero in that local. */
  returns: boolean;
}

/**
 * Runs through a function's instructions once, as they stand, and notes how operands flow into its
 * locals, its result and what it calls. Throws a RangeError at an instruction that OPA's compiler
 * does not write.
 */
export class FunctionTrace {
  readonly #function: TracedFunction;
  readonly #calls: Calls;
  readonly #plan: Plan | undefined;
  readonly #stack: Operand[] = [];
  readonly #blocks: Block[] = [];
  readonly #loops: ReadonlyMap<number, ReadonlySet<number>>;
  /** What locals hold at this point, as far as that is certain; the others, what they ever hold. */
  readonly #current = new Map<number, Operand>();
  /** The block whose rest belongs to another entrypoint. */
  #skipped: number | undefined;
  #entrypointLocal: number | undefined;
  /** The local of the instruction before, if that set it and left its value on the stack. */
  #teed: number | undefined;

  constructor(traced: TracedFunction, calls: Calls, plan?: Plan) {
    this.#function = traced;
    this.#calls = calls;
    this.#plan = plan;
    this.#loops = localsSetInLoops(traced.instructions);
  }

  run(): void {
    const { instructions, locals, parameters, result } = this.#function;
    for (let index = parameters; index < locals.length; index += 1) this.#current.set(index, 0);
    const reader = new WasmReader(instructions);
    const immediates = new WasmReader(instructions);
    while (!reader.atEnd) {
      immediates.at = reader.at + 1;
      const code = readInstruction(reader);
      const isControl = this.#control(code, immediates);
      this.#teed = undefined;
      if (!isControl && this.#skipped === undefined) this.#step(code, immediates);
    }
    flowInto(result, this.#stack.at(-1));
  }

  /** Blocks are followed in code that is skipped, too. Returns false for what is no block. */
  #control(code: number, immediates: WasmReader): boolean {
    switch (code) {
      case opcode.block:
      case opcode.loop:
      case opcode.if:
        if (immediates.byte() !== emptyBlock) throw unfamiliar('a block with a result');
        this.#enter(code, immediates.at);
        return true;
      case opcode.end:
        this.#leave(this.#blocks.pop());
        return true;
      default:
        return false;
    }
  }

  #enter(code: number, at: number): void {
    if (code === opcode.if && this.#skipped === undefined) this.#pop();
    // It may be entered from its end, too, where its locals hold what it has set.
    const set = code === opcode.loop ? this.#loops.get(at) : noLocals;
    if (set === undefined) throw unfamiliar('a loop that begins like this');
    for (const index of set) this.#current.delete(index);
    const entrance = code === opcode.if ? this.#teed : undefined;
    this.#blocks.push({ height: this.#stack.length, set: [], entrance, returns: false });
  }

  /** What a block has set is not certain behind it, for it may have been left before. */
  #leave(block: Block | undefined): void {
    if (block === undefined) return;
    for (const index of block.set) this.#current.delete(index);
    if (block.returns && block.entrance !== undefined) this.#current.set(block.entrance, 0);
    this.#stack.length = block.height;
    if (this.#blocks.length < (this.#skipped ?? 0)) this.#skipped = undefined;
  }

  #step(code: number, immediates: WasmReader): void {
    switch (code) {
      case opcode.unreachable:
      case opcode.nop:
        return;
      case opcode.branch:
        return this.#branch(immediates.unsigned());
      case opcode.branchIf:
        return this.#branchIf(this.#pop(), immediates.unsigned());
      case opcode.return:
        return this.#return();
      case opcode.call:
        return this.#call(immediates.unsigned());
      case opcode.callIndirect:
        return this.#callIndirect(immediates.unsigned());
      case opcode.drop:
        this.#pop();
        return;
      case opcode.localGet:
        return this.#getLocal(immediates.unsigned());
      case opcode.localSet:
        return this.#setLocal(immediates.unsigned(), this.#pop());
      case opcode.localTee:
        return this.#teeLocal(immediates.unsigned());
      case opcode.load:
        return this.#load(immediates);
      case opcode.store:
        return this.#store(immediates);
      case opcode.constant:
        return this.#push(immediates.signed());
      case opcode.longConstant:
        return this.#push(undefined);
      case opcode.isZero:
        this.#pop();
        return this.#push(undefined);
      case opcode.isNotEqual:
        return this.#push(differs(this.#pop(), this.#pop()));
      default:
        throw unfamiliar(`0x${code.toString(16)}`);
    }
  }

  #push(operand: Operand): void {
    this.#stack.push(operand);
  }

  /** Code that is never reached may take what is not there. */
  #pop(): Operand {
    const base = this.#blocks.at(-1)?.height ?? 0;
    return this.#stack.length > base ? this.#stack.pop() : undefined;
  }

  #popAll(count: number): Operand[] {
    const operands: Operand[] = [];
    for (let left = count; left > 0; left -= 1) operands.push(this.#pop());
    return operands.toReversed();
  }

  #return(): void {
    flowInto(this.#function.result, this.#stack.at(-1));
    const block = this.#blocks.at(-1);
    if (block !== undefined) block.returns = true;
  }

  /** A branch out of all blocks returns. */
  #branch(label: number): void {
    const left = this.#blocks.at(-1 - label);
    if (left === undefined) flowInto(this.#function.result, this.#stack.at(-1));
    else left.entrance = undefined;
  }

  /** The code of an entrypoint is a block that is left at once when another is evaluated. */
  #branchIf(condition: Operand, label: number): void {
    const isOther =
      typeof condition === 'object' &&
      'entrypoint' in condition &&
      condition.entrypoint !== this.#plan?.entrypoint;
    if (isOther && label === 0) this.#skipped = this.#blocks.length;
    else this.#branch(label);
  }

  #call(index: number): void {
    const { parameters, results } = this.#calls.signatureOf(index);
    const result = this.#calls.call(index, this.#popAll(parameters));
    if (results > 0) this.#push(result);
  }

  #callIndirect(type: number): void {
    const { parameters, results } = this.#calls.signature(type);
    // Which one, of the table.
    this.#pop();
    const result = this.#calls.callIndirect(this.#popAll(parameters));
    if (results > 0) this.#push(result);
  }

  #getLocal(index: number): void {
    if (index === this.#entrypointLocal) this.#push('entrypoint');
    else this.#push(this.#current.has(index) ? this.#current.get(index) : this.#local(index));
  }

  /** The number of the entrypoint must come into its local once, and on every way. */
  #setLocal(index: number, operand: Operand): void {
    if (operand === 'entrypoint' && this.#entrypointLocal === undefined) {
      if (this.#blocks.length > 0) throw unfamiliar('an entrypoint that is read in a block');
      this.#entrypointLocal = index;
    } else if (operand === 'entrypoint' || index === this.#entrypointLocal) {
      throw unfamiliar('an entrypoint that is changed');
    } else {
      flowInto(this.#local(index), operand);
      this.#current.set(index, operand);
      this.#blocks.at(-1)?.set.push(index);
    }
  }

  #teeLocal(index: number): void {
    this.#setLocal(index, this.#stack.at(-1));
    this.#teed = index;
  }

  #local(index: number): Flow {
    const local = this.#function.locals[index];
    if (local === undefined) throw unfamiliar('a local that is not there');
    return local;
  }

  #load(immediates: WasmReader): void {
    const offset = this.#contextOffset(this.#pop(), immediates);
    if (offset === context.input) this.#push(this.#plan?.input);
    else this.#push(offset === context.entrypoint ? 'entrypoint' : undefined);
  }

  #store(immediates: WasmReader): void {
    const [address, value] = this.#popAll(2);
    if (this.#contextOffset(address, immediates) !== context.result) {
      throw unfamiliar('a store beside the result');
    }
    readWhole([value]);
  }

  /** Memory is read and written only in eval, and there only its context. */
  #contextOffset(address: Operand, immediates: WasmReader): number {
    const isContext = this.#plan !== undefined && address === this.#local(context.local);
    if (!isContext) throw unfamiliar('memory');
    immediates.skipNumber();
    return immediates.unsigned();
  }
}

/** What is there flows into the target, at some time. */
export function flowInto(target: Flow, operand: Operand): void {
  if (operand instanceof Flow) operand.targets.push(target);
}

/** The operands go where nobody follows. */
export function readWhole(operands: readonly Operand[]): undefined {
  for (const operand of operands) if (operand instanceof Flow) operand.isWhole = true;
}

function differs(a: Operand, b: Operand): Operand {
  if (a === 'entrypoint' && typeof b === 'number') return { entrypoint: b };
  if (b === 'entrypoint' && typeof a === 'number') return { entrypoint: a };
  return undefined;
}

function unfamiliar(what: string): RangeError {
  return new RangeError(`OPA's compiler does not write ${what}`);
}
