import {
  Kind,
  TokenKind,
  type ArgumentNode,
  type ConstDirectiveNode,
  type DirectiveNode,
  type ObjectFieldNode,
  type Token,
  type TypeNode,
  type ValueNode,
} from 'graphql';
import { RegoObject, type RegoValue } from '../../value.ts';

/** The parts that queries and schemas share, in the shape that `document.ts` tells of. */
export function directives(node: {
  readonly directives?: readonly (DirectiveNode | ConstDirectiveNode)[] | undefined;
}): RegoValue | undefined {
  return node.directives?.map(({ name, arguments: values }) =>
    objectOf({ Name: name.value, Arguments: values?.map(argument), Location: '' }),
  );
}

export function argument(node: ArgumentNode | ObjectFieldNode): RegoObject {
  return objectOf({
    Name: node.name.value,
    Value: valueObject(node.value),
    Comment: commentBefore(node.loc?.startToken),
  });
}

export function typeObject(node: TypeNode, isRequired = false): RegoObject {
  if (node.kind === Kind.NON_NULL_TYPE) return typeObject(node.type, true);
  return node.kind === Kind.LIST_TYPE
    ? objectOf({ NamedType: '', Elem: typeObject(node.type), NonNull: isRequired })
    : objectOf({ NamedType: node.name.value, NonNull: isRequired });
}

/** gqlparser's numbers for the kinds of values. */
const valueKinds = {
  [Kind.VARIABLE]: 0,
  [Kind.INT]: 1,
  [Kind.FLOAT]: 2,
  [Kind.STRING]: 3,
  [Kind.BOOLEAN]: 5,
  [Kind.NULL]: 6,
  [Kind.ENUM]: 7,
  [Kind.LIST]: 8,
  [Kind.OBJECT]: 9,
} as const;
const blockString = 4;

export function valueObject(node: ValueNode): RegoObject {
  return objectOf({
    Raw: rawValue(node),
    Kind: node.kind === Kind.STRING && node.block ? blockString : valueKinds[node.kind],
    ExpectedTypeHasDefault: false,
    ...members(node),
  });
}

function rawValue(node: ValueNode): string {
  if (node.kind === Kind.VARIABLE) return node.name.value;
  if (node.kind === Kind.NULL) return 'null';
  return 'value' in node ? String(node.value) : '';
}

function members(node: ValueNode): Fields {
  if (node.kind !== Kind.LIST && node.kind !== Kind.OBJECT) return {};
  const Comment = commentBefore(node.loc?.startToken);
  if (node.kind === Kind.LIST) {
    return {
      Children: node.values.map((one) => objectOf({ Name: '', Value: valueObject(one) })),
      Comment,
    };
  }
  return { Children: node.fields.map(argument), Comment };
}

/** The comments that stand right before a token. */
export function commentBefore(token: Token | null | undefined): RegoValue | undefined {
  const comments: RegoValue[] = [];
  for (let at = token?.prev; at?.kind === TokenKind.COMMENT; at = at.prev) {
    comments.unshift(objectOf({ Value: `#${at.value}` }));
  }
  return objectOf({ List: comments });
}

export type Fields = Readonly<Record<string, RegoValue | undefined>>;

export function objectOf(fields: Fields): RegoObject {
  return RegoObject.of(
    Object.entries(fields).flatMap(([name, held]) =>
      held === undefined || isEmpty(held) ? [] : [[name, held] as const],
    ),
  );
}

function isEmpty(held: RegoValue): boolean {
  return (
    (Array.isArray(held) && held.length === 0) ||
    (held instanceof RegoObject && held.entries.length === 0)
  );
}
