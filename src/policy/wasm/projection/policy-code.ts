import { WasmReader } from '../leb128.ts';
import {
  kind,
  readImport,
  readItems,
  readSections,
  readSignature,
  section,
  type Section,
  type Signature,
} from '../sections.ts';

/** A module's functions by their numbers, and the strings that its code names by their addresses. */
export interface PolicyCode {
  /** Undefined for what is imported. */
  bodyOf(index: number): Uint8Array | undefined;
  signatureOf(index: number): Signature;
  /** A signature by its own number. */
  signature(type: number): Signature;
  nameOf(index: number): string | undefined;
  /** In the order of their numbers. */
  readonly names: ReadonlyMap<number, string>;
  /** Whether there is an interned string or boolean. */
  isScalarAt(address: number): boolean;
  /** Undefined where there is no interned string, a long one, or not one that only one key can be. */
  stringAt(address: number): string | undefined;
}

const noItems = Uint8Array.of(0);

/** Throws a RangeError for a module that cannot be read. */
export function readPolicyCode(wasm: Uint8Array): PolicyCode {
  const sections = readSections(wasm);
  const itemsOf = <T>(id: number, read: (reader: WasmReader) => T): T[] =>
    readItems(sections.find((each) => each.id === id)?.content ?? noItems, read);
  const signatures = itemsOf(section.type, readSignature);
  const imported = itemsOf(section.import, readImport).filter(isFunction);
  const types = [
    ...imported.map(({ type }) => type),
    ...itemsOf(section.function, (reader) => reader.unsigned()),
  ];
  const bodies = itemsOf(section.code, (reader) => reader.take(reader.unsigned()));
  const segments = itemsOf(section.data, readSegment);
  if (segments.length > maxSegments) throw new RangeError('the module has its data in pieces');
  const names = readNames(sections);
  const signature = (type: number | undefined): Signature => {
    const found = type === undefined ? undefined : signatures[type];
    if (found === undefined) throw new RangeError('the module calls what it has not');
    return found;
  };
  return {
    names,
    signature,
    signatureOf: (index) => signature(types[index]),
    bodyOf: (index) => bodies[index - imported.length],
    nameOf: (index) => names.get(index),
    isScalarAt: (address) => scalarTypes.has(bytesAt(segments, address, 1)?.[0]),
    stringAt: (address) => readString(segments, address),
  };
}

function isFunction(imported: { readonly kind: number }): boolean {
  return imported.kind === kind.function;
}

/** OPA's modules have about ten, and each string is looked for in all of them. */
const maxSegments = 100;

/** Functions' names, of the subsection of that number in the section `name` (§7.4.1). */
const functionNames = 1;

function readNames(sections: readonly Section[]): ReadonlyMap<number, string> {
  for (const { id, content } of sections) {
    const reader = new WasmReader(content);
    if (id !== section.custom || readText(reader) !== 'name') continue;
    while (!reader.atEnd) {
      const subsection = reader.byte();
      const named = reader.take(reader.unsigned());
      if (subsection === functionNames) return new Map(readItems(named, readName));
    }
  }
  return new Map();
}

function readName(reader: WasmReader): [index: number, name: string] {
  return [reader.unsigned(), readText(reader)];
}

function readText(reader: WasmReader): string {
  return Buffer.from(reader.take(reader.unsigned())).toString('latin1');
}

/** What the memory holds at first, from an address on. */
interface Segment {
  readonly address: number;
  readonly bytes: Uint8Array;
}

const constant = { opcode: 0x41, end: 0x0b } as const;

function readSegment(reader: WasmReader): Segment {
  const [mode, opcode, address, end] = [
    reader.unsigned(),
    reader.byte(),
    reader.signed(),
    reader.byte(),
  ];
  if (mode !== 0 || opcode !== constant.opcode || end !== constant.end) {
    throw new RangeError('the module has data that does not lie at a fixed address');
  }
  return { address, bytes: reader.take(reader.unsigned()) };
}

/** OPA's `OPA_STRING_INTERNED` and `OPA_BOOLEAN_INTERNED`. */
const scalarTypes: ReadonlySet<number | undefined> = new Set([8, 9]);

/** OPA's `opa_string_t`: a type, padding, the length and the address of the text. */
const interned = { type: 8, bytes: 12, lengthAt: 4, addressAt: 8 } as const;

/** A longer key is kept at each place that names it. */
const maxKeyBytes = 1024;

const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

function readString(segments: readonly Segment[], address: number): string | undefined {
  const head = bytesAt(segments, address, interned.bytes);
  if (head?.readUInt16LE(0) !== interned.type) return undefined;
  const length = head.readUInt32LE(interned.lengthAt);
  if (length > maxKeyBytes) return undefined;
  const text = bytesAt(segments, head.readUInt32LE(interned.addressAt), length);
  try {
    const decoded = text && decoder.decode(text);
    // In the input it also stands for every lone surrogate: then there is more than one such key.
    return decoded?.includes('\ufffd') === true ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function bytesAt(
  segments: readonly Segment[],
  address: number,
  length: number,
): Buffer | undefined {
  const holder = segments.findLast(
    ({ address: start, bytes }) => address >= start && address + length <= start + bytes.length,
  );
  if (holder === undefined) return undefined;
  const { bytes } = holder;
  const start = bytes.byteOffset + address - holder.address;
  return Buffer.from(bytes.buffer, start, length);
}
