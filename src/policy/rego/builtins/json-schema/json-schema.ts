import { BuiltinError, type BuiltinTable, type Spend } from '../../builtin.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';
import { jsonText } from '../json-text.ts';
import { compileSchema } from './compile.ts';
import type { SchemaNode } from './node.ts';
import { validate } from './validate.ts';
import type { SchemaFault } from './verdict.ts';
import { readJson } from '../read-json.ts';
import { regoObject } from '../rego-object.ts';

/** json.match_schema and json.verify_schema: OPA v1/topdown/jsonschema.go. */
export const jsonSchemaBuiltins: BuiltinTable = {
  'json.match_schema': ({ spend }, document, schema) => {
    const value = readDocument(document);
    const faults = bounded(() => validate(compiled(schema, spend), value, spend));
    return [faults.length === 0, faults.map(faultObject)];
  },
  'json.verify_schema': ({ spend }, schema) => {
    try {
      compiled(schema, spend);
      return [true, null];
    } catch (error) {
      if (error instanceof BuiltinError) return [false, `jsonschema: ${error.message}`];
      throw error;
    }
  },
};

function faultObject({ field, type, description }: SchemaFault): RegoValue {
  return regoObject({ error: `${field}: ${description}`, type, field, desc: description });
}

/** A policy has few schemas, and asks about each again and again. */
const maxKept = 100;
const maxKeptCharacters = 65_536;
const kept = new Map<string, SchemaNode>();

/** Compiling takes 0.6 µs a character, whether or not a schema is known already. */
const unitsPerCharacter = 200;

function compiled(schema: RegoValue, spend: Spend): SchemaNode {
  const document = readDocument(schema);
  const text = jsonText(document);
  spend(unitsPerCharacter * text.length);
  const known = kept.get(text);
  if (known !== undefined) return known;
  const node = bounded(() => compileSchema(document));
  if (text.length <= maxKeptCharacters) keep(text, node);
  return node;
}

function keep(text: string, node: SchemaNode): void {
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
  kept.set(text, node);
}

/** A text is JSON; an object or an array is taken as JSON. */
function readDocument(value: RegoValue): RegoValue {
  if (typeof value === 'string') return readText(value);
  if (value instanceof RegoObject || isArray(value)) return readJson(jsonText(value));
  throw new BuiltinError('wrong type, expected string or object');
}

function readText(text: string): RegoValue {
  try {
    return readJson(text);
  } catch {
    throw new BuiltinError('invalid JSON string');
  }
}

/** A schema that refers to itself without end, or nests too deep, ends with the stack. */
function bounded<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof RangeError) throw new BuiltinError('the schema nests too deep');
    throw error;
  }
}
