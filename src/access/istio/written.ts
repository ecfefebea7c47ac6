/** A rule as access.yaml has it, to be written down. */
export interface WrittenRule {
  name: string;
  from?: readonly string[];
  methods?: readonly string[];
  paths?: readonly string[];
  headers?: Readonly<Record<string, WrittenValues>>;
  when?: WrittenMarks;
  unless?: WrittenExceptions;
}

export type WrittenValues = '*' | readonly string[];

export interface WrittenMarks {
  readonly sourceIps?: readonly string[];
  readonly ports?: readonly number[];
  readonly hosts?: readonly string[];
  readonly claims?: Readonly<Record<string, WrittenValues>>;
}

export interface WrittenExceptions extends WrittenMarks {
  readonly from?: readonly string[];
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
  readonly headers?: Readonly<Record<string, WrittenValues>>;
}

export interface WrittenService {
  readonly name: string;
  readonly principals: readonly string[];
  readonly deny: readonly WrittenRule[];
  readonly allow: readonly WrittenRule[];
}

/** What a rule's condition becomes: one key of a rule, or of its `unless`. */
export type Part = { readonly [Kind in keyof WrittenExceptions]: WrittenExceptions[Kind] };

/** What stands at such a key. */
export type PartValue = readonly (string | number)[] | Readonly<Record<string, WrittenValues>>;
