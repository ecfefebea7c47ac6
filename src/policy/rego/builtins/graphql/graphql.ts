import {
  Kind,
  parse,
  validate,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { BuiltinError, type BuiltinTable, type Spend } from '../../builtin.ts';
import { RegoObject, type RegoValue } from '../../value.ts';
import { queryObject, schemaObject } from './document.ts';
import { buildSchema } from './schema.ts';
import { queryText, schemaText } from './text.ts';
import { operandTypeError, stringOperand } from '../operands.ts';

const none = RegoObject.of([]);

/** graphql.*: OPA v1/topdown/graphql.go. Documents are texts, or what parsing one gave. */
export const graphqlBuiltins: BuiltinTable = {
  'graphql.parse_query': ({ spend }, query) =>
    queryObject(parseQuery(paidFor(stringOperand(query, 1), spend))),
  'graphql.parse_schema': ({ spend }, schema) =>
    schemaObject(parseSchema(paidFor(stringOperand(schema, 1), spend))),
  'graphql.parse': ({ spend }, query, schema) => parseAndCheck(query, schema, spend),
  'graphql.parse_and_verify': ({ spend }, query, schema) => {
    const parsed = attempt(() => parseAndCheck(query, schema, spend));
    return parsed === undefined ? [false, none, none] : [true, ...parsed];
  },
  'graphql.is_valid': ({ spend }, query, schema) =>
    attempt(() => parseAndCheck(query, schema, spend)) !== undefined,
  'graphql.schema_is_valid': ({ spend }, schema) =>
    attempt(() => readSchema(schema, spend)) !== undefined,
};

/** What reading and checking take: 0.6 µs a character, whether or not a schema is known already. */
const unitsPerCharacter = 200;

function paidFor(text: string, spend: Spend): string {
  spend(unitsPerCharacter * text.length);
  return text;
}

/** The query and the schema, both as objects. Throws a BuiltinError unless the query is valid. */
function parseAndCheck(
  query: RegoValue,
  schema: RegoValue,
  spend: Spend,
): readonly [RegoObject, RegoObject] {
  const queryDocument = readQuery(query, spend);
  const { checker, object } = readSchema(schema, spend);
  checkQuery(checker, queryDocument);
  return [queryObject(queryDocument), object];
}

function readQuery(query: RegoValue, spend: Spend): DocumentNode {
  const text = query instanceof RegoObject ? queryText(query) : query;
  if (typeof text === 'string') return parseQuery(paidFor(text, spend));
  throw operandTypeError(0, query, 'string', 'object');
}

interface CheckedSchema {
  readonly checker: GraphQLSchema;
  readonly object: RegoObject;
}

/** A policy has few schemas, and asks about each again and again. */
const maxKept = 10;
const maxKeptCharacters = 262_144;
const kept = new Map<string, CheckedSchema>();

function readSchema(schema: RegoValue, spend: Spend): CheckedSchema {
  const text = schema instanceof RegoObject ? schemaText(schema) : schema;
  if (typeof text !== 'string') throw operandTypeError(1, text, 'string', 'object');
  const known = kept.get(paidFor(text, spend));
  if (known !== undefined) return known;
  const document = parseSchema(text);
  const object = schemaObject(document);
  const read = { checker: orBuiltinError(() => buildSchema(document)), object };
  if (text.length <= maxKeptCharacters) keep(text, read);
  return read;
}

function keep(text: string, schema: CheckedSchema): void {
  const [oldest] = kept.keys();
  if (kept.size >= maxKept && oldest !== undefined) kept.delete(oldest);
  kept.set(text, schema);
}

/** Checking a query may take quadratic time: a request's document is shorter. */
const maxQueryTokens = 10_000;
const maxSchemaTokens = 200_000;

function parseQuery(text: string): DocumentNode {
  return parseDocument(text, maxQueryTokens, (node) => isOfQuery(node) && !isDescribedQuery(node));
}

function parseSchema(text: string): DocumentNode {
  return parseDocument(text, maxSchemaTokens, (node) => !isOfQuery(node));
}

function isOfQuery(node: DefinitionNode): boolean {
  return node.kind === Kind.OPERATION_DEFINITION || node.kind === Kind.FRAGMENT_DEFINITION;
}

/** What the library knows of later drafts, and gqlparser does not. */
function isDescribedQuery(node: DefinitionNode): boolean {
  return isOfQuery(node) && 'description' in node && node.description !== undefined;
}

/** gqlparser takes documents that hold nothing. */
function parseDocument(
  text: string,
  maxTokens: number,
  suits: (node: DefinitionNode) => boolean,
): DocumentNode {
  if (/^(?:[ \t\r\n,\uFEFF]|#.*)*$/.test(text)) return { kind: Kind.DOCUMENT, definitions: [] };
  const options = { maxTokens, allowLegacyFragmentVariables: true };
  const document = orBuiltinError(() => parse(text, options));
  if (document.definitions.every(suits)) return document;
  throw new BuiltinError('a GraphQL document holds definitions of another kind');
}

function checkQuery(schema: GraphQLSchema, query: DocumentNode): void {
  const [error] = orBuiltinError(() => validate(schema, query, undefined, { maxErrors: 1 }));
  if (error !== undefined) throw new BuiltinError(error.message);
  for (const node of query.definitions) {
    if (node.kind === Kind.OPERATION_DEFINITION && !schema.getRootType(node.operation)) {
      throw new BuiltinError(`the GraphQL schema has no ${node.operation}`);
    }
  }
}

function orBuiltinError<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new BuiltinError(error instanceof Error ? error.message : 'GraphQL failed');
  }
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}
