import {
  Kind,
  TokenKind,
  type ASTNode,
  type DirectiveDefinitionNode,
  type DocumentNode,
  type EnumValueDefinitionNode,
  type FieldDefinitionNode,
  type FragmentDefinitionNode,
  type InputValueDefinitionNode,
  type OperationDefinitionNode,
  type SchemaDefinitionNode,
  type SchemaExtensionNode,
  type SelectionNode,
  type Token,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  type VariableDefinitionNode,
} from 'graphql';
import type { RegoObject, RegoValue } from '../../value.ts';
import {
  argument,
  commentBefore,
  directives,
  objectOf,
  typeObject,
  valueObject,
  type Fields,
} from './nodes.ts';

/**
 * Documents in the shape that OPA gives them: the JSON of gqlparser's structures, without what is
 * null or empty (OPA v1/topdown/graphql.go). Empty texts, `false` and 0 stay.
 */
export function queryObject(document: DocumentNode): RegoObject {
  const { definitions } = document;
  return objectOf({
    Operations: definitions
      .filter((node) => node.kind === Kind.OPERATION_DEFINITION)
      .map(operation),
    Fragments: definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION).map(fragment),
  });
}

export function schemaObject(document: DocumentNode): RegoObject {
  const { definitions, loc } = document;
  return objectOf({
    Schema: definitions.filter((node) => node.kind === Kind.SCHEMA_DEFINITION).map(schema),
    SchemaExtension: definitions.filter((node) => node.kind === Kind.SCHEMA_EXTENSION).map(schema),
    Directives: definitions
      .filter((node) => node.kind === Kind.DIRECTIVE_DEFINITION)
      .map(directiveDefinition),
    Definitions: definitions.filter((node) => isTypeDefinition(node)).map(typeDefinition),
    Extensions: definitions.filter((node) => isTypeExtension(node)).map(typeDefinition),
    Comment: commentBefore(loc?.endToken),
  });
}

/** gqlparser's names of what defines or extends a type. */
const definitionKinds: ReadonlyMap<string, string> = new Map([
  [Kind.SCALAR_TYPE_DEFINITION, 'SCALAR'],
  [Kind.OBJECT_TYPE_DEFINITION, 'OBJECT'],
  [Kind.INTERFACE_TYPE_DEFINITION, 'INTERFACE'],
  [Kind.UNION_TYPE_DEFINITION, 'UNION'],
  [Kind.ENUM_TYPE_DEFINITION, 'ENUM'],
  [Kind.INPUT_OBJECT_TYPE_DEFINITION, 'INPUT_OBJECT'],
]);

const extensionKinds: ReadonlyMap<string, string> = new Map([
  [Kind.SCALAR_TYPE_EXTENSION, 'SCALAR'],
  [Kind.OBJECT_TYPE_EXTENSION, 'OBJECT'],
  [Kind.INTERFACE_TYPE_EXTENSION, 'INTERFACE'],
  [Kind.UNION_TYPE_EXTENSION, 'UNION'],
  [Kind.ENUM_TYPE_EXTENSION, 'ENUM'],
  [Kind.INPUT_OBJECT_TYPE_EXTENSION, 'INPUT_OBJECT'],
]);

function isTypeDefinition(node: ASTNode): node is TypeDefinitionNode {
  return definitionKinds.has(node.kind);
}

function isTypeExtension(node: ASTNode): node is TypeExtensionNode {
  return extensionKinds.has(node.kind);
}

function typeDefinition(node: TypeDefinitionNode | TypeExtensionNode): RegoObject {
  return objectOf({
    Kind: definitionKinds.get(node.kind) ?? extensionKinds.get(node.kind),
    Name: node.name.value,
    Directives: directives(node),
    Interfaces: 'interfaces' in node ? node.interfaces?.map(({ name }) => name.value) : undefined,
    Fields: 'fields' in node ? node.fields?.map(field) : undefined,
    Types: 'types' in node ? node.types?.map(({ name }) => name.value) : undefined,
    EnumValues: 'values' in node ? node.values?.map(enumValue) : undefined,
    BuiltIn: false,
    ...descriptionOf(node),
    EndOfDefinitionComment: commentAtEnd(node),
  });
}

function field(node: FieldDefinitionNode | InputValueDefinitionNode): RegoObject {
  return objectOf({
    Name: node.name.value,
    Arguments: 'arguments' in node ? node.arguments?.map(field) : undefined,
    DefaultValue:
      'defaultValue' in node && node.defaultValue ? valueObject(node.defaultValue) : undefined,
    Type: typeObject(node.type),
    Directives: directives(node),
    ...descriptionOf(node),
  });
}

function enumValue(node: EnumValueDefinitionNode): RegoObject {
  return objectOf({ Name: node.name.value, Directives: directives(node), ...descriptionOf(node) });
}

function directiveDefinition(node: DirectiveDefinitionNode): RegoObject {
  return objectOf({
    Name: node.name.value,
    Arguments: node.arguments?.map(field),
    Locations: node.locations.map((location) => location.value),
    IsRepeatable: node.repeatable,
    ...descriptionOf(node),
  });
}

function schema(node: SchemaDefinitionNode | SchemaExtensionNode): RegoObject {
  return objectOf({
    Directives: directives(node),
    OperationTypes: node.operationTypes?.map((entry) =>
      objectOf({
        Operation: entry.operation,
        Type: entry.type.name.value,
        Comment: commentBefore(entry.loc?.startToken),
      }),
    ),
    ...descriptionOf(node),
    EndOfDefinitionComment: commentAtEnd(node),
  });
}

/** A description with the comments before and after it. */
function descriptionOf(node: ASTNode): Fields {
  const text = 'description' in node ? node.description : undefined;
  return {
    Description: text?.value ?? '',
    BeforeDescriptionComment: commentBefore(text?.loc?.startToken),
    AfterDescriptionComment: commentBefore(
      keywordToken(text?.loc?.endToken) ?? node.loc?.startToken,
    ),
  };
}

/** The first token after a description that is no comment. */
function keywordToken(description: Token | undefined): Token | null | undefined {
  let token = description?.next;
  while (token?.kind === TokenKind.COMMENT) token = token.next;
  return token;
}

function operation(node: OperationDefinitionNode): RegoObject {
  return objectOf({
    Operation: node.operation,
    Name: node.name?.value ?? '',
    VariableDefinitions: node.variableDefinitions?.map(variable),
    Directives: directives(node),
    SelectionSet: node.selectionSet.selections.map(selection),
    Comment: isShorthand(node) ? undefined : commentBefore(node.loc?.startToken),
  });
}

/** `{ … }` alone: gqlparser loses its comment. */
function isShorthand({ loc }: OperationDefinitionNode): boolean {
  return loc?.startToken.kind === TokenKind.BRACE_L;
}

function fragment(node: FragmentDefinitionNode): RegoObject {
  return objectOf({
    Name: node.name.value,
    VariableDefinition: node.variableDefinitions?.map(variable),
    TypeCondition: node.typeCondition.name.value,
    Directives: directives(node),
    SelectionSet: node.selectionSet.selections.map(selection),
    Comment: commentBefore(node.loc?.startToken),
  });
}

function variable(node: VariableDefinitionNode): RegoObject {
  return objectOf({
    Variable: node.variable.name.value,
    Type: typeObject(node.type),
    DefaultValue: node.defaultValue && valueObject(node.defaultValue),
    Directives: directives(node),
    Used: false,
    Comment: commentBefore(node.loc?.startToken),
  });
}

function selection(node: SelectionNode): RegoObject {
  const Comment = commentBefore(node.loc?.startToken);
  const Directives = directives(node);
  if (node.kind === Kind.FRAGMENT_SPREAD) {
    return objectOf({ Name: node.name.value, Directives, Comment });
  }
  const SelectionSet = node.selectionSet?.selections.map(selection);
  if (node.kind === Kind.INLINE_FRAGMENT) {
    const TypeCondition = node.typeCondition?.name.value ?? '';
    return objectOf({ TypeCondition, Directives, SelectionSet, Comment });
  }
  return objectOf({
    Alias: (node.alias ?? node.name).value,
    Name: node.name.value,
    Arguments: node.arguments?.map(argument),
    Directives,
    SelectionSet,
    Comment,
  });
}

function commentAtEnd({ loc }: ASTNode): RegoValue | undefined {
  return loc?.endToken.kind === TokenKind.BRACE_R ? commentBefore(loc.endToken) : undefined;
}
