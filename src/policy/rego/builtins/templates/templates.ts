import { BuiltinError, BuiltinHalt, type BuiltinTable, type Spend } from '../../builtin.ts';
import { writeNumber } from '../../number.ts';
import { isArray, isNumber, RegoSet, type RegoValue } from '../../value.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import {
  isList,
  isMap,
  isTrue,
  JsonNumber,
  type TemplateFunctions,
  templateFunctions,
  type TemplateValue,
  textOf,
  weightOf,
} from './functions.ts';
import { parseTemplate } from './parser.ts';
import type { Branch, Command, Operand, Pipeline, Template, TemplateNode } from './syntax.ts';

/** OPA v1/topdown/template.go: Go's text/template over plain values. */
export const templateBuiltins: BuiltinTable = {
  'strings.render_template': ({ spend }, source, variables) => {
    const template = parseTemplate(stringOperand(source, 1));
    const data = templateValue(objectOperand(variables, 2));
    const text = new Renderer(template, data, spend).render();
    return text.replaceAll('<no value>', '<undefined>');
  },
};

/** OPA reads the value's Rego text as JSON: what JSON would write in another way has no value. */
function templateValue(value: RegoValue): TemplateValue {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return jsonString(value);
  if (isNumber(value)) return new JsonNumber(writeNumber(value));
  if (isArray(value)) return value.map(templateValue);
  if (value instanceof RegoSet) throw new BuiltinError('a set is no value of a template');
  return new Map(value.entries.map(([key, held]) => [keyOf(key), templateValue(held)]));
}

function keyOf(key: RegoValue): string {
  if (typeof key === 'string') return jsonString(key);
  throw new BuiltinError('a key of a template’s variables has to be a string');
}

function jsonString(text: string): string {
  // eslint-disable-next-line no-control-regex
  if (!/[\0-\x07\x0b\x0e-\x1f\x7f]/.test(text)) return text;
  throw new BuiltinError('invalid character in string escape code');
}

/** Loops multiply: each step takes fuel, and each character that a function reads or writes. */
const unitsPerStep = 100;
const unitsPerCharacter = 5;

/** A template can call itself. */
const maxCalls = 200;

/** The longest range of numbers that a loop may be over. */
const maxRange = 100_000n;

type Variables = { name: string; value: TemplateValue }[];
type Outcome = 'done' | 'break' | 'continue';

class Renderer {
  readonly #template: Template;
  readonly #data: TemplateValue;
  readonly #functions: TemplateFunctions;
  readonly #spend: Spend;
  #text = '';
  #calls = 0;

  constructor(template: Template, data: TemplateValue, spend: Spend) {
    this.#template = template;
    this.#data = data;
    this.#functions = templateFunctions(spend);
    this.#spend = spend;
  }

  render(): string {
    this.#list(this.#template.main, this.#data, [{ name: '$', value: this.#data }]);
    return this.#text;
  }

  /** What a list declares ends with it. */
  #list(nodes: readonly TemplateNode[], dot: TemplateValue, variables: Variables): Outcome {
    const mark = variables.length;
    let outcome: Outcome = 'done';
    for (const node of nodes) {
      outcome = this.#node(node, dot, variables);
      if (outcome !== 'done') break;
    }
    variables.length = mark;
    return outcome;
  }

  #node(node: TemplateNode, dot: TemplateValue, variables: Variables): Outcome {
    this.#count();
    switch (node.kind) {
      case 'text':
        this.#write(node.text);
        return 'done';
      case 'action': {
        const value = this.#pipeline(node.pipeline, dot, variables);
        if (node.pipeline.variables.length === 0) this.#write(printed(value));
        return 'done';
      }
      case 'if':
      case 'with':
        return this.#choose(node, dot, variables);
      case 'range':
        return this.#range(node, dot, variables);
      case 'template':
        this.#call(node.name, node.pipeline && this.#pipeline(node.pipeline, dot, variables));
        return 'done';
      case 'break':
      case 'continue':
        return node.kind;
      default:
        throw new BuiltinError('template: unknown node');
    }
  }

  #choose(node: Branch, dot: TemplateValue, variables: Variables): Outcome {
    const mark = variables.length;
    const value = this.#pipeline(node.pipeline, dot, variables);
    const holds = isTrue(value);
    const inner = holds && node.kind === 'with' ? value : dot;
    const outcome = this.#list(holds ? node.body : node.otherwise, inner, variables);
    variables.length = mark;
    return outcome;
  }

  #range(node: Branch, dot: TemplateValue, variables: Variables): Outcome {
    const mark = variables.length;
    const { variables: names, isDeclaration } = node.pipeline;
    const plain = { ...node.pipeline, variables: [] };
    const entries = entriesOf(this.#pipeline(plain, dot, variables));
    if (entries.length === 0) return this.#list(node.otherwise, dot, variables);
    for (const [key, value] of entries) {
      this.#count();
      const values = names.length > 1 ? [key, value] : [value];
      names.forEach((name, at) => setVariable(variables, name, values[at], isDeclaration));
      const outcome = this.#list(node.body, value, variables);
      variables.length = mark;
      if (outcome === 'break') break;
    }
    return 'done';
  }

  #call(name: string, dot: TemplateValue): void {
    const nodes = this.#template.named.get(name);
    if (nodes === undefined) throw new BuiltinError(`template: ${name} not defined`);
    this.#calls += 1;
    if (this.#calls > maxCalls)
      throw new BuiltinHalt('strings.render_template: templates nest too deep');
    this.#list(nodes, dot, [{ name: '$', value: dot }]);
    this.#calls -= 1;
  }

  #pipeline(pipeline: Pipeline, dot: TemplateValue, variables: Variables): TemplateValue {
    let value: TemplateValue;
    for (const [at, command] of pipeline.commands.entries()) {
      value = this.#command(command, at === 0 ? [] : [value], dot, variables);
    }
    for (const name of pipeline.variables)
      setVariable(variables, name, value, pipeline.isDeclaration);
    return value;
  }

  #command(
    [first, ...rest]: Command,
    piped: readonly TemplateValue[],
    dot: TemplateValue,
    variables: Variables,
  ): TemplateValue {
    this.#count();
    if (first === undefined || first.kind === 'nil') {
      throw new BuiltinError('template: nil is not a command');
    }
    if (first.kind !== 'function') return this.#operand(first, dot, variables);
    const { least = Infinity, most = 0, run } = this.#functions.get(first.name) ?? {};
    const given = rest.length + piped.length;
    if (run === undefined || given < least || given > most) {
      throw new BuiltinError(`template: wrong number of args for ${first.name}`);
    }
    if (first.name === 'and' || first.name === 'or') {
      return this.#shortCircuit(first.name === 'or', rest, piped, dot, variables);
    }
    const values = rest.map((operand) => this.#operand(operand, dot, variables)).concat(piped);
    for (const value of values) this.#spend(unitsPerCharacter * weightOf(value));
    return run(...values);
  }

  /** What comes after the answer is not asked. */
  #shortCircuit(
    wanted: boolean,
    operands: Command,
    piped: readonly TemplateValue[],
    dot: TemplateValue,
    variables: Variables,
  ): TemplateValue {
    let value: TemplateValue;
    for (const operand of operands) {
      value = this.#operand(operand, dot, variables);
      if (isTrue(value) === wanted) return value;
    }
    return piped.length > 0 ? piped[0] : value;
  }

  #operand(operand: Operand, dot: TemplateValue, variables: Variables): TemplateValue {
    switch (operand.kind) {
      case 'field':
        return fieldOf(dot, operand.path);
      case 'variable':
        return fieldOf(
          variables.findLast(({ name }) => name === operand.name)?.value,
          operand.path,
        );
      case 'literal':
        return operand.value;
      case 'pipeline':
        return fieldOf(this.#pipeline(operand.pipeline, dot, variables), operand.path);
      case 'function':
        return this.#command([operand], [], dot, variables);
      case 'nil':
        return null;
      default:
        throw new BuiltinError('template: unknown operand');
    }
  }

  #count(): void {
    this.#spend(unitsPerStep);
  }

  #write(text: string): void {
    this.#spend(unitsPerCharacter * text.length);
    this.#text += text;
  }
}

function setVariable(
  variables: Variables,
  name: string,
  value: TemplateValue,
  isNew: boolean,
): void {
  const known = isNew ? undefined : variables.findLast((variable) => variable.name === name);
  if (known === undefined) variables.push({ name, value });
  else known.value = value;
}

/** At the top of an action what is not there has a sign of its own. */
function printed(value: TemplateValue): string {
  return value === null || value === undefined ? '<no value>' : textOf(value);
}

function fieldOf(value: TemplateValue, path: readonly string[]): TemplateValue {
  return path.reduce((held: TemplateValue, name) => {
    if (isMap(held)) return held.get(name);
    if (held === undefined) return undefined;
    throw new BuiltinError(`template: can't evaluate field ${name}`);
  }, value);
}

function entriesOf(value: TemplateValue): (readonly [key: TemplateValue, value: TemplateValue])[] {
  if (isList(value)) return value.map((member, at) => [BigInt(at), member] as const);
  if (isMap(value)) return Array.from(value);
  if (value === null || value === undefined) return [];
  if (typeof value === 'bigint' && value <= maxRange) {
    return Array.from(
      { length: Math.max(Number(value), 0) },
      (_, at) => [BigInt(at), BigInt(at)] as const,
    );
  }
  throw new BuiltinError("template: range can't iterate over the value");
}
