import {
  buildASTSchema,
  introspectionTypes,
  Kind,
  specifiedScalarTypes,
  validateSchema,
  visit,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  type TypeDefinitionNode,
} from 'graphql';
import { BuiltinError } from '../../builtin.ts';

/**
 * A schema to check queries against, as gqlparser would take it: a type may be extended that nobody
 * defines, and no query root is needed. Throws a BuiltinError, or a GraphQLError of the library.
 */
export function buildSchema({ definitions }: DocumentNode): GraphQLSchema {
  if (definitions.some((node) => isTypeDefinition(node) && builtinScalars.has(node.name.value))) {
    throw new BuiltinError('a GraphQL schema redeclares a scalar of the language');
  }
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: withBases(definitions) };
  expectKnownTypes(document);
  const errors = validateSchema(buildASTSchema(document));
  const error = errors.find(({ message }) => message !== 'Query root type must be provided.');
  if (error !== undefined) throw new BuiltinError(error.message);
  return buildASTSchema(document, { assumeValid: true, assumeValidSDL: true });
}

/** The library would compare each name that it does not know with all that it does. */
function expectKnownTypes(document: DocumentNode): void {
  const names = document.definitions.filter(isTypeDefinition).map(({ name }) => name.value);
  const known = new Set([
    ...names,
    ...builtinScalars,
    ...introspectionTypes.map(({ name }) => name),
  ]);
  visit(document, {
    NamedType: ({ name }) => {
      if (!known.has(name.value)) throw new BuiltinError(`Unknown type "${name.value}".`);
    },
  });
}

const builtinScalars = new Set(specifiedScalarTypes.map(({ name }) => name));

/** What the first extension of a type becomes when nothing defines it. */
const definitionKinds: ReadonlyMap<string, TypeDefinitionNode['kind']> = new Map([
  [Kind.SCALAR_TYPE_EXTENSION, Kind.SCALAR_TYPE_DEFINITION],
  [Kind.OBJECT_TYPE_EXTENSION, Kind.OBJECT_TYPE_DEFINITION],
  [Kind.INTERFACE_TYPE_EXTENSION, Kind.INTERFACE_TYPE_DEFINITION],
  [Kind.UNION_TYPE_EXTENSION, Kind.UNION_TYPE_DEFINITION],
  [Kind.ENUM_TYPE_EXTENSION, Kind.ENUM_TYPE_DEFINITION],
  [Kind.INPUT_OBJECT_TYPE_EXTENSION, Kind.INPUT_OBJECT_TYPE_DEFINITION],
]);
const kindsOfDefinitions = new Set<string>(definitionKinds.values());

function withBases(definitions: readonly DefinitionNode[]): readonly DefinitionNode[] {
  const defined = new Set(definitions.filter(isTypeDefinition).map(({ name }) => name.value));
  return definitions.map((node) => {
    const definition = { ...node, kind: definitionKinds.get(node.kind) };
    if (!isTypeDefinition(definition) || defined.has(definition.name.value)) return node;
    defined.add(definition.name.value);
    return definition;
  });
}

function isTypeDefinition(node: { readonly kind: string | undefined }): node is TypeDefinitionNode {
  return node.kind !== undefined && kindsOfDefinitions.has(node.kind);
}
