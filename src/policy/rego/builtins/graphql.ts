import {
  Kind,
  parse,
  validate,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';
import { BuiltinError, type BuiltinTable } from '../builtin.ts';
import { RegoObject, type RegoValue } from '../value.ts';
import { queryObject, schemaObject } from './graphql-document.ts';
import { buildSchema } from './graphql-schema.ts';
import { queryText, schemaText } from './graphql-text.ts';
import { operandTypeError, stringOperand } from './operands.ts';

const none = RegoObject.of([]);

/** graphql.*: OPA v1/topdown/graphql.go. Documents are texts, or what parsing one gave. */
export const graphqlBuiltins: BuiltinTable = {
  'graphql.parse_query': (_call, query) => queryObject(parseQuery(stringOperand(query, 1))),
  'graphql.parse_schema': (_call, schema) => schemaObject(parseSchema(stringOperand(schema, 1))),
  'graphql.parse': (_call, query, schema) => parseAndCheck(query, schema),
  'graphql.parse_and_verify': (_call, query, schema) => {
    const parsed = attempt(() => parseAndCheck(query, schema));
    return parsed === undefined ? [false, none, none] : [true, ...parsed];
  },
  'graphql.is_valid': (_call, query, schema) =>
    attempt(() => parseAndCheck(query, schema)) !== undefined,
  'graphql.schema_is_valid': (_call, schema) => attempt(() => readSchema(schema)) !== undefined,
};

/** The query and the schema, both as objects. Throws a BuiltinError unless the query is valid. */
function parseAndCheck(query: RegoValue, schema: RegoValue): readonly [RegoObject, RegoObject] {
  const queryDocument = readQuery(query);
  const { checker, object } = readSchema(schema);
  checkQuery(checker, queryDocument);
  return [queryObject(queryDocument), object];
}

function readQuery(query: RegoValue): DocumentNode {
  if (query instanceof RegoObject) return parseQuery(queryText(query));
  if (typeof query === 'string') return parseQuery(query);
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

function readSchema(schema: RegoValue): CheckedSchema {
  const text = schema instanceof RegoObject ? schemaText(schema) : schema;
  if (typeof text !== 'string') throw operandTypeError(1, text, 'string', 'object');
  const known = kept.get(text);
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
