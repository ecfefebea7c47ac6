import { signed, unsigned } from '../../../../src/policy/wasm/leb128.ts';

/** Bytes as a module has them: instructions, or what is in a section. */
export type Code = readonly number[];

/** What is other than in a module that answers with nothing. Functions leave the stack as it was. */
export interface HandMade {
  /** What opa_eval does first. */
  readonly evaluation?: Code;
  /** What runs when the module is instantiated. */
  readonly start?: Code;
  /** What opa_malloc does first. */
  readonly allocation?: Code;
  /** More functions, that take and give nothing, numbered from `firstFunction`. */
  readonly functions?: readonly Code[];
  /** The locals of each function, in place of four i32 and four i64. */
  readonly locals?: Code;
  /** The section of tables, in place of one with one entry. */
  readonly tables?: Code;
  /** The section of memories; without it, there is none. */
  readonly memories?: Code;
  /** More names for opa_eval. */
  readonly aliases?: number;
}

/** The number of the first of `functions`. */
export const firstFunction = 11;

/** The first local that is no parameter, an i32, in opa_eval. */
export const firstLocal = 7;

const i32 = 0x7f;
const i64 = 0x7e;
const end = 0x0b;

/** Texts at fixed addresses in the memory. */
const texts = { empty: 2000, entrypoints: 2016, result: 2048 } as const;

/** Puts a number on the stack. */
export const constant = (value: number): Code => [0x41, ...signed(value)];

/** Without end. */
export const forever = (code: Code): Code => [0x03, 0x40, ...code, 0x0c, 0x00, 0x0b];

export function repeated(times: number, code: Code): Code {
  return Array.from({ length: times }, () => code).flat();
}

const magic: Code = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of OPA's ABI 1.3 with one entrypoint, `a/b`, that is undefined. */
export function handMadeModule(module: HandMade): Uint8Array<ArrayBuffer> {
  const { evaluation = [], start = [], allocation = [], functions = [] } = module;
  const { locals = [2, 4, i32, 4, i64], tables = list([[0x70, 0x00, 0x01]]), memories } = module;
  const bodies = [
    [...start],
    [...evaluation, ...constant(texts.result)], // opa_eval
    [...allocation, ...constant(4096)], // opa_malloc
    [], // opa_free
    constant(texts.empty), // opa_value_parse
    [0x20, 0x00], // opa_value_dump
    [0x20, 0x00], // opa_json_dump
    constant(65_536), // opa_heap_ptr_get
    [], // opa_heap_ptr_set
    constant(texts.empty), // builtins
    constant(texts.entrypoints), // entrypoints
    ...functions,
  ];
  const types = [0, 1, 2, 3, 4, 2, 2, 5, 3, 5, 5, ...functions.map(() => 0)];
  return Uint8Array.from([
    ...magic,
    ...section(1, list(signatures)),
    ...section(2, [1, ...name('env'), ...name('memory'), 0x02, 0x00, 0x00]),
    ...section(3, list(types.map((type) => [type]))),
    ...section(4, tables),
    ...(memories === undefined ? [] : section(5, memories)),
    ...section(6, list([global(1), global(3)])),
    ...section(7, list(exported(module.aliases ?? 0))),
    ...section(8, [0x00]),
    ...section(10, list(bodies.map((code) => sized([...locals, ...code, end])))),
    ...section(11, list([...segments()])),
  ]);
}

const signatures: readonly Code[] = [
  [0x60, 0, 0],
  [0x60, 7, i32, i32, i32, i32, i32, i32, i32, 1, i32],
  [0x60, 1, i32, 1, i32],
  [0x60, 1, i32, 0],
  [0x60, 2, i32, i32, 1, i32],
  [0x60, 0, 1, i32],
];

const functionNames = [
  'opa_eval',
  'opa_malloc',
  'opa_free',
  'opa_value_parse',
  'opa_value_dump',
  'opa_json_dump',
  'opa_heap_ptr_get',
  'opa_heap_ptr_set',
  'builtins',
  'entrypoints',
];

function exported(aliases: number): Code[] {
  return [
    ...Array.from({ length: aliases }, (_, at) => [...name(`alias_${at}`), 0x00, 1]),
    ...functionNames.map((text, at) => [...name(text), 0x00, at + 1]),
    [...name('opa_wasm_abi_version'), 0x03, 0],
    [...name('opa_wasm_abi_minor_version'), 0x03, 1],
  ];
}

function segments(): Code[] {
  return [
    [texts.empty, '{}'] as const,
    [texts.entrypoints, '{"a/b":0}'] as const,
    [texts.result, '[]'] as const,
  ].map(([address, text]) => [0, ...constant(address), end, ...name(`${text}\0`)]);
}

function global(value: number): Code {
  return [i32, 0x00, ...constant(value), end];
}

function section(id: number, content: Code): Code {
  return [id, ...sized(content)];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function sized(content: Code): Code {
  return [...unsigned(content.length), ...content];
}

function name(text: string): Code {
  return sized([...Buffer.from(text)]);
}
