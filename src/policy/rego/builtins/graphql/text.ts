import { BuiltinError } from '../../builtin.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';

/** The text of a document that a policy holds in OPA's shape, as `document.ts` gives it. */
export function queryText(query: RegoObject): string {
  return [...list(query, 'Operations', operation), ...list(query, 'Fragments', fragment)].join(
    '\n',
  );
}

export function schemaText(schema: RegoObject): string {
  return [
    ...list(schema, 'Schema', (node) => `schema ${schemaParts(node)}`),
    ...list(schema, 'SchemaExtension', (node) => `extend schema ${schemaParts(node)}`),
    ...list(schema, 'Directives', directiveDefinition),
    ...list(schema, 'Definitions', definition),
    ...list(schema, 'Extensions', (node) => `extend ${definition(node)}`),
  ].join('\n');
}

function operation(node: RegoObject): string {
  const variables = inBrackets('(', list(node, 'VariableDefinitions', variable), ')');
  return `${name(node, 'Operation')} ${optionalName(node, 'Name')}${variables}${directives(node)}${selections(node)}`;
}

function fragment(node: RegoObject): string {
  const variables = inBrackets('(', list(node, 'VariableDefinition', variable), ')');
  return `fragment ${name(node, 'Name')}${variables} on ${name(node, 'TypeCondition')}${directives(node)}${selections(node)}`;
}

function variable(node: RegoObject): string {
  return `$${name(node, 'Variable')}: ${typeOf(node)}${defaultValue(node)}${directives(node)}`;
}

function selections(node: RegoObject): string {
  return inBrackets(' {', list(node, 'SelectionSet', selection), '}');
}

/** Only a field has an alias, and only a spread has a name and none. */
function selection(node: RegoObject): string {
  const rest = `${directives(node)}${selections(node)}`;
  if (node.get('Alias') !== undefined) {
    const alias = `${name(node, 'Alias')}: ${name(node, 'Name')}`;
    return `${alias}${inBrackets('(', list(node, 'Arguments', argument), ')')}${rest}`;
  }
  if (node.get('Name') !== undefined) return `...${name(node, 'Name')}${rest}`;
  const condition = optionalName(node, 'TypeCondition');
  return `...${condition === '' ? '' : ` on ${condition}`}${rest}`;
}

function directives(node: RegoObject): string {
  return list(
    node,
    'Directives',
    (one) => ` @${name(one, 'Name')}${inBrackets('(', list(one, 'Arguments', argument), ')')}`,
  ).join('');
}

function argument(node: RegoObject): string {
  return `${name(node, 'Name')}: ${value(member(node, 'Value'))}`;
}

function schemaParts(node: RegoObject): string {
  const operations = list(
    node,
    'OperationTypes',
    (one) => `${name(one, 'Operation')}: ${name(one, 'Type')}`,
  );
  return `${directives(node)}${inBrackets(' {', operations, '}')}`;
}

function directiveDefinition(node: RegoObject): string {
  const repeatable = node.get('IsRepeatable') === true ? ' repeatable' : '';
  const locations = names(node, 'Locations').join(' | ');
  return `${description(node)}directive @${name(node, 'Name')}${parameters(node)}${repeatable} on ${locations}`;
}

const keywords: ReadonlyMap<RegoValue | undefined, string> = new Map([
  ['SCALAR', 'scalar'],
  ['OBJECT', 'type'],
  ['INTERFACE', 'interface'],
  ['UNION', 'union'],
  ['ENUM', 'enum'],
  ['INPUT_OBJECT', 'input'],
]);

function definition(node: RegoObject): string {
  const keyword = keywords.get(node.get('Kind'));
  if (keyword === undefined) throw new BuiltinError('a GraphQL definition is of an unknown kind');
  const interfaces = names(node, 'Interfaces').join(' & ');
  const types = names(node, 'Types').join(' | ');
  return [
    `${description(node)}${keyword} ${name(node, 'Name')}`,
    interfaces === '' ? '' : ` implements ${interfaces}`,
    directives(node),
    types === '' ? '' : ` = ${types}`,
    inBrackets(' {', list(node, 'Fields', field), '}'),
    inBrackets(' {', list(node, 'EnumValues', enumValue), '}'),
  ].join('');
}

function field(node: RegoObject): string {
  return `${description(node)}${name(node, 'Name')}${parameters(node)}: ${typeOf(node)}${defaultValue(node)}${directives(node)}`;
}

function enumValue(node: RegoObject): string {
  return `${description(node)}${name(node, 'Name')}${directives(node)}`;
}

function parameters(node: RegoObject): string {
  return inBrackets('(', list(node, 'Arguments', field), ')');
}

function description(node: RegoObject): string {
  const written = text(node, 'Description');
  return written === '' ? '' : `${JSON.stringify(written)} `;
}

function defaultValue(node: RegoObject): string {
  const held = node.get('DefaultValue');
  return held instanceof RegoObject ? ` = ${value(held)}` : '';
}

function typeOf(node: RegoObject): string {
  return typeText(member(node, 'Type'));
}

function typeText(type: RegoObject): string {
  const required = type.get('NonNull') === true ? '!' : '';
  const element = type.get('Elem');
  if (element instanceof RegoObject) return `[${typeText(element)}]${required}`;
  return `${name(type, 'NamedType')}${required}`;
}

/** By gqlparser's number of a value's kind. */
const valueTexts: ReadonlyMap<RegoValue, (node: RegoObject) => string> = new Map([
  [0, (node) => `$${name(node, 'Raw')}`],
  [1, number],
  [2, number],
  [3, (node) => JSON.stringify(text(node, 'Raw'))],
  [4, (node) => JSON.stringify(text(node, 'Raw'))],
  [5, (node) => name(node, 'Raw')],
  [6, (_node) => 'null'],
  [7, (node) => name(node, 'Raw')],
  [8, (node) => `[${list(node, 'Children', (one) => value(member(one, 'Value'))).join(' ')}]`],
  [9, (node) => `{${list(node, 'Children', argument).join(' ')}}`],
]);

function value(node: RegoObject): string {
  const write = valueTexts.get(node.get('Kind') ?? 0);
  if (write === undefined) throw new BuiltinError('a GraphQL value is of an unknown kind');
  return write(node);
}

function number(node: RegoObject): string {
  const raw = text(node, 'Raw');
  if (/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(raw)) return raw;
  throw new BuiltinError('a GraphQL number is none');
}

function inBrackets(open: string, parts: readonly string[], close: string): string {
  return parts.length === 0 ? '' : `${open}${parts.join('\n')}${close}`;
}

function list<T>(node: RegoObject, key: string, write: (one: RegoObject) => T): readonly T[] {
  return items(node, key).map((one) => {
    if (one instanceof RegoObject) return write(one);
    throw new BuiltinError(`${key} of a GraphQL document must hold objects`);
  });
}

function names(node: RegoObject, key: string): readonly string[] {
  return items(node, key).map(checkedName);
}

function items(node: RegoObject, key: string): readonly RegoValue[] {
  const held = node.get(key) ?? [];
  if (isArray(held)) return held;
  throw new BuiltinError(`${key} of a GraphQL document must be an array`);
}

function member(node: RegoObject, key: string): RegoObject {
  const held = node.get(key);
  if (held instanceof RegoObject) return held;
  throw new BuiltinError(`${key} of a GraphQL document must be an object`);
}

function text(node: RegoObject, key: string): string {
  const held = node.get(key) ?? '';
  if (typeof held === 'string') return held;
  throw new BuiltinError(`${key} of a GraphQL document must be a string`);
}

function optionalName(node: RegoObject, key: string): string {
  return text(node, key) === '' ? '' : name(node, key);
}

/** Nothing else may stand where a name does: it would be read as what it is not. */
function name(node: RegoObject, key: string): string {
  return checkedName(text(node, key));
}

function checkedName(held: RegoValue): string {
  if (typeof held === 'string' && /^[_A-Za-z]\w*$/.test(held)) return held;
  throw new BuiltinError('a name in a GraphQL document is none');
}
