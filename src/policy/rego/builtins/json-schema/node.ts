import type { RegoNumber } from '../../number.ts';
import type { RegoValue } from '../../value.ts';
import type { Regex } from '../regex/cache.ts';

/** A compiled schema. Of what it does not say, nothing is checked. */
export interface SchemaNode {
  /** The schemas `true` and `false`. */
  pass?: boolean;
  /** `$ref`: nothing beside it counts. */
  reference?: SchemaNode;
  types: readonly string[];
  properties: (readonly [name: string, schema: SchemaNode])[];
  patternProperties: (readonly [name: Regex, schema: SchemaNode])[];
  dependencies: Map<string, SchemaNode | readonly string[]>;
  required: readonly string[];
  /** One schema for all items, or one for each of the first. */
  items?: SchemaNode | readonly SchemaNode[];
  additionalProperties?: boolean | SchemaNode;
  additionalItems?: boolean | SchemaNode;
  propertyNames?: SchemaNode;
  contains?: SchemaNode;
  anyOf: readonly SchemaNode[];
  oneOf: readonly SchemaNode[];
  allOf: readonly SchemaNode[];
  not?: SchemaNode;
  if?: SchemaNode;
  then?: SchemaNode;
  else?: SchemaNode;
  numbers: Partial<Record<NumberKeyword, RegoNumber>>;
  counts: Partial<Record<CountKeyword, number>>;
  uniqueItems: boolean;
  pattern?: Regex;
  format: string;
  /** As canonical texts: see `canonicalText`. */
  const?: string;
  enum?: readonly string[];
}

export type NumberKeyword =
  'multipleOf' | 'minimum' | 'maximum' | 'exclusiveMinimum' | 'exclusiveMaximum';

export type CountKeyword =
  'minLength' | 'maxLength' | 'minProperties' | 'maxProperties' | 'minItems' | 'maxItems';

export function emptySchema(): SchemaNode {
  return {
    types: [],
    properties: [],
    patternProperties: [],
    dependencies: new Map(),
    required: [],
    anyOf: [],
    oneOf: [],
    allOf: [],
    numbers: {},
    counts: {},
    uniqueItems: false,
    format: '',
  };
}

/** A document that a schema judges. */
export type Instance = RegoValue;
