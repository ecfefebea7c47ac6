import { isArray, isNumber, RegoObject, type RegoValue } from '../../value.ts';
import { emptySchema, type CountKeyword, type SchemaNode } from './node.ts';
import { resolvePointer, SchemaPool, type Draft, type Scope } from './references.ts';
import { invalid, SchemaSource, wrongType } from './source.ts';
import { canonicalText } from './text.ts';
import { compareNumbers } from '../../number.ts';
import { compileRegex, type Regex } from '../regex/cache.ts';

/** Compiles a schema of draft 4, 6 or 7, or of a mixture. Throws a BuiltinError in OPA's words. */
export function compileSchema(document: RegoValue): SchemaNode {
  const pool = new SchemaPool(document);
  return new Compiler(pool).compile(document, pool.root);
}

class Compiler {
  readonly #pool: SchemaPool;
  /** By absolute reference: also what breaks circles. */
  readonly #references = new Map<string, SchemaNode>();

  constructor(pool: SchemaPool) {
    this.#pool = pool;
  }

  compile(document: RegoValue, outer: Scope): SchemaNode {
    const node = emptySchema();
    this.#fill(node, document, outer);
    return node;
  }

  #fill(node: SchemaNode, document: RegoValue, outer: Scope): void {
    if (typeof document === 'boolean' && outer.draft >= 6) {
      node.pass = document;
      return;
    }
    if (!(document instanceof RegoObject))
      throw invalid('Expected: Valid Schema, given: Invalid JSON');
    const scope = this.#pool.scopeOf(document, outer);
    const source = new SchemaSource(document, (inner) => this.compile(inner, scope), scope.draft);
    source.schemasIn('definitions');
    source.text('title');
    source.text('description');
    const reference = source.text('$ref');
    if (reference !== undefined) node.reference = this.#referenced(reference, scope);
    else fillSchema(node, source);
  }

  #referenced(reference: string, scope: Scope): SchemaNode {
    const target = this.#pool.find(reference, scope);
    const known = this.#references.get(target.key);
    if (known !== undefined) return known;
    const node = emptySchema();
    this.#references.set(target.key, node);
    const document = resolvePointer(target);
    if (typeof document !== 'boolean' && !(document instanceof RegoObject)) {
      throw invalid('Schema must be of type object');
    }
    this.#fill(node, document, target.scope);
    return node;
  }
}

/** In the order in which OPA complains. */
function fillSchema(node: SchemaNode, source: SchemaSource): void {
  node.types = readTypes(source.get('type'));
  fillObjectSchemas(node, source);
  fillArraySchemas(node, source);
  fillNumbers(node, source);
  fillCounts(node, source, 'minLength', 'maxLength');
  const pattern = source.text('pattern');
  if (pattern !== undefined) node.pattern = regex(pattern, 'pattern must be a valid regex');
  node.format = source.text('format') ?? '';
  fillCounts(node, source, 'minProperties', 'maxProperties');
  node.required = readRequired(source);
  fillCounts(node, source, 'minItems', 'maxItems');
  node.uniqueItems = readUniqueItems(source.get('uniqueItems'));
  fillValues(node, source);
  fillLogic(node, source);
}

const typeNames = ['array', 'boolean', 'integer', 'number', 'null', 'object', 'string'];

function readTypes(type: RegoValue | undefined): readonly string[] {
  if (type === undefined) return [];
  const types = typeof type === 'string' ? [type] : type;
  const refusal = wrongType('type', 'string/Array Of Strings');
  if (!isArray(types)) throw refusal;
  return types.reduce<string[]>((known, one) => {
    if (typeof one !== 'string') throw refusal;
    if (!typeNames.includes(one)) {
      throw invalid(
        `has a primitive type that is NOT VALID -- given: /${one}/ Expected valid values are:[${typeNames.join(' ')}]`,
      );
    }
    if (known.includes(one)) throw invalid(`${one} type is duplicated`);
    return [...known, one];
  }, []);
}

function fillObjectSchemas(node: SchemaNode, source: SchemaSource): void {
  node.properties = source
    .members('properties', 'Properties must be of type object')
    .map(([name, document]) => [name, source.schema(document)] as const);
  assignKnown(node, 'additionalProperties', source.additional('additionalProperties'));
  node.patternProperties = source
    .members('patternProperties', 'Invalid type. Expected: Valid Schema, given: patternProperties')
    .map(([name, document]) => {
      const compiled = regex(name, `Invalid regex pattern '${name}'`);
      return [compiled, source.schema(document)] as const;
    });
  if (source.draft >= 6) {
    const refusal = 'Invalid type. Expected: Valid Schema, given: patternProperties';
    assignKnown(node, 'propertyNames', source.schemaAt('propertyNames', refusal));
  }
  for (const [name, dependency] of source.members(
    'dependencies',
    'dependencies must be of type object',
  )) {
    node.dependencies.set(name, readDependency(dependency, source));
  }
}

function readDependency(
  dependency: RegoValue,
  source: SchemaSource,
): SchemaNode | readonly string[] {
  if (typeof dependency === 'boolean' || dependency instanceof RegoObject) {
    return source.schema(dependency);
  }
  if (isArray(dependency) && dependency.every((name) => typeof name === 'string'))
    return dependency;
  throw invalid('Dependency must be of type Schema Or Array Of Strings');
}

function fillArraySchemas(node: SchemaNode, source: SchemaSource): void {
  const items = source.get('items');
  const refusal = 'Invalid type. Expected: Valid Schema/Array Of Schemas, given: items';
  if (items !== undefined && isArray(items)) {
    node.items = items.map((item) => {
      if (typeof item !== 'boolean' && !(item instanceof RegoObject)) throw invalid(refusal);
      return source.schema(item);
    });
  } else assignKnown(node, 'items', source.schemaAt('items', refusal));
  assignKnown(node, 'additionalItems', source.additional('additionalItems'));
  if (source.draft >= 6) {
    const contains = source.get('contains');
    if (contains !== undefined) node.contains = source.schema(contains);
  }
}

function fillNumbers(node: SchemaNode, source: SchemaSource): void {
  const { numbers } = node;
  const multiple = source.number('multipleOf', 'Invalid type. Expected: Number, given: multipleOf');
  if (multiple !== undefined) {
    if (compareNumbers(multiple, 0) <= 0)
      throw invalid('multipleOf must be strictly greater than 0');
    numbers.multipleOf = multiple;
  }
  fillBound(node, source, 'minimum', 'exclusiveMinimum');
  fillBound(node, source, 'maximum', 'exclusiveMaximum');
}

/** Draft 4 says of a bound that it is exclusive; later drafts have two bounds. */
function fillBound(
  { numbers }: SchemaNode,
  source: SchemaSource,
  key: 'minimum' | 'maximum',
  exclusiveKey: 'exclusiveMinimum' | 'exclusiveMaximum',
): void {
  const bound = source.number(key, `${key} must be of a Number`);
  if (bound !== undefined) numbers[key] = bound;
  const exclusive = source.get(exclusiveKey);
  if (exclusive === undefined) return;
  if (typeof exclusive === 'boolean' && (source.draft === 4 || source.draft === Infinity)) {
    if (bound === undefined) throw invalid(`${exclusiveKey} cannot be used without ${key}`);
    if (!exclusive) return;
    numbers[exclusiveKey] = bound;
    delete numbers[key];
  } else if (isNumber(exclusive) && source.draft !== 4) numbers[exclusiveKey] = exclusive;
  else throw wrongType(exclusiveTypes.get(source.draft) ?? 'number', exclusiveKey);
}

const exclusiveTypes: ReadonlyMap<Draft, string> = new Map([
  [4, 'boolean'],
  [Infinity, 'boolean/number'],
]);

function fillCounts(
  { counts }: SchemaNode,
  source: SchemaSource,
  least: CountKeyword,
  most: CountKeyword,
): void {
  const [minimum, maximum] = [source.count(least), source.count(most)];
  if (minimum !== undefined) counts[least] = minimum;
  if (maximum !== undefined) counts[most] = maximum;
  if (least !== 'minItems' && minimum !== undefined && maximum !== undefined && minimum > maximum) {
    throw invalid(`${least} cannot be greater than ${most}`);
  }
}

function readRequired(source: SchemaSource): readonly string[] {
  const names = (source.list('required') ?? []).map((name) => {
    if (typeof name === 'string') return name;
    throw wrongType('string', 'required');
  });
  if (new Set(names).size < names.length) throw invalid('required items must be unique');
  return names;
}

function readUniqueItems(value: RegoValue | undefined): boolean {
  if (value === undefined || typeof value === 'boolean') return value ?? false;
  throw invalid('uniqueItems must be of a boolean');
}

function fillValues(node: SchemaNode, source: SchemaSource): void {
  const constant = source.get('const');
  if (constant !== undefined && source.draft >= 6) node.const = canonicalText(constant);
  const values = source.list('enum')?.map(canonicalText);
  if (values === undefined) return;
  if (new Set(values).size < values.length) throw invalid('enum items must be unique');
  node.enum = values;
}

function fillLogic(node: SchemaNode, source: SchemaSource): void {
  node.oneOf = source.schemas('oneOf');
  node.anyOf = source.schemas('anyOf');
  node.allOf = source.schemas('allOf');
  assignKnown(node, 'not', source.schemaAt('not'));
  if (source.draft < 7) return;
  for (const key of ['if', 'then', 'else'] as const) assignKnown(node, key, source.schemaAt(key));
}

function assignKnown<K extends keyof SchemaNode>(
  node: SchemaNode,
  key: K,
  value: SchemaNode[K] | undefined,
): void {
  if (value !== undefined) node[key] = value;
}

function regex(pattern: string, refusal: string): Regex {
  try {
    return compileRegex(pattern);
  } catch {
    throw invalid(refusal);
  }
}
