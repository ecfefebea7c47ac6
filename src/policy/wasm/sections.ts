import { WasmReader } from './leb128.ts';

/** The sections of a module that are read or rewritten (WebAssembly core specification 2.0, §5.5). */
export const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;

/** What is imported, or exported. */
export const kind = { function: 0, table: 1, memory: 2, global: 3 } as const;

export interface Section {
  readonly id: number;
  readonly content: Uint8Array;
}

export const headerBytes = 8;

/** Throws a RangeError for a module that ends early. */
export function readSections(wasm: Uint8Array): Section[] {
  const reader = new WasmReader(wasm);
  reader.take(headerBytes);
  const sections = [];
  while (!reader.atEnd) {
    sections.push({ id: reader.byte(), content: reader.take(reader.unsigned()) });
  }
  return sections;
}

/** Reads a section that is a list. */
export function readItems<T>(content: Uint8Array, read: (reader: WasmReader) => T): T[] {
  const reader = new WasmReader(content);
  const items = [];
  for (let left = reader.unsigned(); left > 0; left -= 1) items.push(read(reader));
  return items;
}

export interface Import {
  readonly kind: number;
  /** A function's signature, by its number. */
  readonly type: number | undefined;
}

export function readImport(reader: WasmReader): Import {
  reader.take(reader.unsigned());
  reader.take(reader.unsigned());
  const imported = reader.byte();
  switch (imported) {
    case kind.function:
      return { kind: imported, type: reader.unsigned() };
    case kind.global:
      reader.take(2);
      break;
    case kind.table:
      reader.byte();
      skipLimits(reader);
      break;
    case kind.memory:
      skipLimits(reader);
      break;
    default:
      throw new RangeError(`the module imports something of the kind ${imported}`);
  }
  return { kind: imported, type: undefined };
}

function skipLimits(reader: WasmReader): void {
  const hasMaximum = reader.byte() & 1;
  reader.skipNumber();
  if (hasMaximum === 1) reader.skipNumber();
}

/** How many operands a function takes from the stack, and how many it leaves there. */
export interface Signature {
  readonly parameters: number;
  readonly results: number;
}

export function readSignature(reader: WasmReader): Signature {
  const form = reader.byte();
  if (form !== 0x60) throw new RangeError(`the module has a type of the form ${form}`);
  const parameters = reader.take(reader.unsigned()).length;
  const results = reader.take(reader.unsigned()).length;
  return { parameters, results };
}

/** A function's code is its locals, and then its instructions. Returns how many locals it declares. */
export function readLocals(reader: WasmReader): number {
  let locals = 0;
  for (let groups = reader.unsigned(); groups > 0; groups -= 1) {
    locals += reader.unsigned();
    const type = reader.byte();
    if (!isNumberType(type)) throw new RangeError(`the module has a local of the type ${type}`);
  }
  return locals;
}

/** i32, i64, f32 and f64 (§5.3.1): a byte each. */
export function isNumberType(byte: number): boolean {
  return byte >= 0x7c && byte <= 0x7f;
}
