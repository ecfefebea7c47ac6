import { BuiltinError } from '../../builtin.ts';
import { isArray, isNumber, RegoObject, type RegoNumber, type RegoValue } from '../../value.ts';
import { exactInteger } from '../exact-number.ts';
import type { CountKeyword, SchemaNode } from './node.ts';
import type { Draft } from './references.ts';
import { textKey } from './text.ts';

/** Reads a schema's keywords, each of the type that it must have. */
export class SchemaSource {
  readonly draft: Draft;
  readonly #schema: RegoObject;
  readonly #compile: (document: RegoValue) => SchemaNode;

  constructor(schema: RegoObject, compile: (document: RegoValue) => SchemaNode, draft: Draft) {
    this.#schema = schema;
    this.#compile = compile;
    this.draft = draft;
  }

  get(key: string): RegoValue | undefined {
    return this.#schema.get(key);
  }

  text(key: string): string | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'string') return value;
    throw wrongType('string', key);
  }

  list(key: string): readonly RegoValue[] | undefined {
    const value = this.get(key);
    if (value === undefined || isArray(value)) return value;
    throw invalid(`${key} must be of an array`);
  }

  schema(document: RegoValue): SchemaNode {
    return this.#compile(document);
  }

  schemas(key: string): readonly SchemaNode[] {
    return (this.list(key) ?? []).map((document) => this.schema(document));
  }

  /** A schema or a boolean; anything else is refused with this sentence. */
  schemaAt(key: string, refusal = `${key} must be of an object`): SchemaNode | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'boolean' && !(value instanceof RegoObject)) throw invalid(refusal);
    return this.schema(value);
  }

  /** `false`, `true` or a schema. */
  additional(key: string): boolean | SchemaNode | undefined {
    const value = this.get(key);
    if (value === undefined || typeof value === 'boolean') return value;
    if (value instanceof RegoObject) return this.schema(value);
    throw wrongType('boolean/Valid Schema', key);
  }

  schemasIn(key: string): void {
    const value = this.get(key);
    if (value === undefined) return;
    const refusal = wrongType('Array Of Schemas', key);
    if (!(value instanceof RegoObject)) throw refusal;
    for (const [, document] of value.entries) {
      if (typeof document !== 'boolean' && !(document instanceof RegoObject)) throw refusal;
      this.schema(document);
    }
  }

  members(key: string, refusal: string): readonly (readonly [string, RegoValue])[] {
    const value = this.get(key);
    if (value === undefined) return [];
    if (!(value instanceof RegoObject)) throw invalid(refusal);
    return value.entries.map(([name, member]) => [textKey(name), member] as const);
  }

  number(key: string, refusal: string): RegoNumber | undefined {
    const value = this.get(key);
    if (value === undefined || isNumber(value)) return value;
    throw invalid(refusal);
  }

  count(key: CountKeyword): number | undefined {
    const value = this.get(key);
    if (value === undefined) return undefined;
    const integer = isNumber(value) ? exactInteger(value) : undefined;
    if (integer === undefined) throw invalid(`${key} must be of an integer`);
    if (integer < 0n) throw invalid(`${key} must be greater than or equal to 0`);
    return Number(integer);
  }
}

export function wrongType(expected: string, given: string): BuiltinError {
  return invalid(`Invalid type. Expected: ${expected}, given: ${given}`);
}

export function invalid(message: string): BuiltinError {
  return new BuiltinError(message);
}
