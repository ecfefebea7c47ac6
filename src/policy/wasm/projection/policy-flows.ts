import { WasmReader } from '../leb128.ts';
import { readLocals } from '../sections.ts';
import { Flow } from './flow-graph.ts';
import {
  type Calls,
  flowInto,
  FunctionTrace,
  type Operand,
  readWhole,
  type TracedFunction,
} from './function-trace.ts';
import type { PolicyCode } from './policy-code.ts';

/** How OPA's planner names what it makes of rules and functions; OPA's runtime has other names. */
const plannedName = /^g\d+\./;

/** A rule is given the input and the data; a function, more. */
const ruleParameters = 2;

/** How the input flows through the functions that a policy's rules were compiled into. */
export class PolicyFlows implements Calls {
  readonly input = new Flow();
  readonly #code: PolicyCode;
  readonly #functions = new Map<number, TracedFunction>();
  readonly #untraced: TracedFunction[] = [];
  #anyRule: Pick<TracedFunction, 'locals' | 'result'> | undefined;

  /** Throws a RangeError for code in another form than OPA's. */
  constructor(code: PolicyCode, entrypoint: number) {
    this.#code = code;
    const plan = { input: this.input, entrypoint };
    new FunctionTrace(this.#read(this.#indexOfEval()), this, plan).run();
    for (let next = this.#untraced.pop(); next !== undefined; next = this.#untraced.pop()) {
      new FunctionTrace(next, this).run();
    }
  }

  call(index: number, operands: readonly Operand[]): Operand {
    const name = this.#code.names.get(index) ?? '';
    if (plannedName.test(name)) return callTraced(this.#functionAt(index), operands);
    return this.#callRuntime(name, operands);
  }

  /** A rule by its path, which is known only then: any of them. */
  callIndirect(operands: readonly Operand[]): Operand {
    this.#anyRule ??= this.#joinRules();
    return callTraced(this.#anyRule, operands);
  }

  signatureOf(index: number) {
    return this.#code.signatureOf(index);
  }

  signature(type: number) {
    return this.#code.signature(type);
  }

  /** What is not listed here may read all that it is given. */
  #callRuntime(name: string, operands: readonly Operand[]): Operand {
    const [first, second, third] = operands;
    switch (name) {
      case 'opa_value_get':
        return this.#get(first, second);
      case 'builtin_object_get':
        return this.#getOr(first, second, third);
      case 'opa_value_type':
        return undefined;
      case 'opa_value_compare':
        return this.#compare(first, second);
      case 'opa_value_shallow_copy':
        // Under its keys is what was there.
        return first;
      case 'opa_object_insert':
        return readWhole([second, third]);
      case 'opa_memoize_insert':
        // Keeps a rule's result under the number of its function, …
        flowInto(this.#memoised(first), second);
        return undefined;
      case 'opa_memoize_get':
        // … and gives it.
        return this.#memoised(first);
      default:
        return readWhole(operands);
    }
  }

  #get(value: Operand, key: Operand): Operand {
    const name = this.#keyOf(key);
    if (name === undefined) return readWhole([value, key]);
    if (!(value instanceof Flow)) return undefined;
    const target = new Flow();
    value.gets.push({ key: name, target });
    return target;
  }

  #getOr(value: Operand, key: Operand, fallback: Operand): Flow {
    const result = new Flow();
    flowInto(result, this.#get(value, key));
    flowInto(result, fallback);
    return result;
  }

  /** What is no string or boolean has only its type compared with one; and those stay as they are. */
  #compare(a: Operand, b: Operand): undefined {
    if (!this.#isSimple(a) && !this.#isSimple(b)) readWhole([a, b]);
  }

  /** Nothing, a string or a boolean. */
  #isSimple(operand: Operand): boolean {
    return operand === 0 || (typeof operand === 'number' && this.#code.isScalarAt(operand));
  }

  #keyOf(key: Operand): string | undefined {
    return typeof key === 'number' ? this.#code.stringAt(key) : undefined;
  }

  #memoised(index: Operand): Flow {
    if (typeof index === 'number') return this.#functionAt(index).result;
    throw new RangeError('a rule is remembered under what is no constant');
  }

  #functionAt(index: number): TracedFunction {
    const known = this.#functions.get(index);
    if (known !== undefined) return known;
    const read = this.#read(index);
    this.#functions.set(index, read);
    this.#untraced.push(read);
    return read;
  }

  #read(index: number): TracedFunction {
    const body = this.#code.bodyOf(index);
    if (body === undefined) throw new RangeError(`function ${index} has no code`);
    const reader = new WasmReader(body);
    const { parameters } = this.#code.signatureOf(index);
    const count = parameters + readLocals(reader);
    if (count > maxLocals) throw new RangeError(`function ${index} has ${count} locals`);
    const locals = Array.from({ length: count }, () => new Flow());
    const instructions = body.subarray(reader.at);
    return { instructions, locals, parameters, result: new Flow() };
  }

  #joinRules(): Pick<TracedFunction, 'locals' | 'result'> {
    const result = new Flow();
    const locals = Array.from({ length: ruleParameters }, () => new Flow());
    for (const [index, name] of this.#code.names) {
      const isRule = this.#code.signatureOf(index).parameters === ruleParameters;
      if (plannedName.test(name) && isRule) {
        flowInto(result, callTraced(this.#functionAt(index), locals));
      }
    }
    return { locals, result };
  }

  #indexOfEval(): number {
    const found = Array.from(this.#code.names).filter(([, name]) => name === 'eval');
    const [index] = found[0] ?? [];
    if (index === undefined || found.length > 1) throw new RangeError('there is no one eval');
    return index;
  }
}

/** V8 refuses more (its kV8MaxWasmFunctionLocals). */
const maxLocals = 50_000;

function callTraced(
  { locals, result }: Pick<TracedFunction, 'locals' | 'result'>,
  operands: readonly Operand[],
): Flow {
  for (const [at, operand] of operands.entries()) {
    const parameter = locals[at];
    if (parameter !== undefined) flowInto(parameter, operand);
  }
  return result;
}
