import { opcode, readInstruction } from './instructions.ts';
import { unsigned, WasmReader } from './leb128.ts';
import {
  headerBytes,
  kind,
  readImport,
  readItems,
  readLocals,
  readSections,
  section,
} from './sections.ts';

/** The name under which a module with fuel exports its counter. */
export const fuelExport = 'sallyport_fuel';

/** The counter is a signed 32-bit integer. */
export const mostFuel = 2 ** 31 - 1;

/**
 * Writes a fuel counter into a module, so that no evaluation runs without end: one unit is taken at
 * each turn of a loop and each entry of a function that calls others, and at none left the module
 * traps. What a policy takes depends on the policy, its data and its input, and not on the machine.
 *
 * The counter is an exported mutable global, set before each evaluation. Functions and locals keep
 * their numbers, because only the end of the list of globals grows.
 */
export function addFuel(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [wasm.subarray(0, headerBytes)];
  let globals = 0;
  for (const { id, content } of readSections(wasm)) {
    if (id === section.import) globals += importedGlobals(content);
    if (id === section.global) globals += new WasmReader(content).unsigned();
    parts.push(...writeSection(id, rewrite(id, content, globals)));
  }
  return Buffer.concat(parts);
}

function rewrite(id: number, content: Uint8Array, globals: number): Uint8Array {
  switch (id) {
    case section.global:
      return append(content, fuelGlobal);
    case section.export:
      // Among the sections, the globals come before the exports.
      return append(content, [...name(fuelExport), kind.global, ...unsigned(globals)]);
    case section.code:
      return meterCode(content, takeFuel(globals));
    default:
      return content;
  }
}

/** A mutable i32 that begins at the greatest; what runs at instantiation is OPA's own. */
const fuelGlobal = [0x7f, 0x01, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07, 0x0b];

/** Takes one from the counter, and traps when that leaves less than none. */
function takeFuel(global: number): Uint8Array {
  const counter = unsigned(global);
  const instructions = [
    [0x23, ...counter], // global.get
    [0x41, 0x01, 0x6b], // i32.const 1, i32.sub
    [0x24, ...counter], // global.set
    [0x23, ...counter], // global.get
    [0x41, 0x00, 0x48], // i32.const 0, i32.lt_s
    [0x04, 0x40, 0x00, 0x0b], // if, unreachable, end
  ];
  return Uint8Array.from(instructions.flat());
}

function meterCode(content: Uint8Array, meter: Uint8Array): Uint8Array {
  const bodies = readItems(content, (reader) =>
    meterFunction(reader.take(reader.unsigned()), meter),
  );
  const count = Uint8Array.from(unsigned(bodies.length));
  const withLengths = bodies.flatMap((body) => [Uint8Array.from(unsigned(body.length)), body]);
  return Buffer.concat([count, ...withLengths]);
}

function meterFunction(body: Uint8Array, meter: Uint8Array): Uint8Array {
  const reader = new WasmReader(body);
  readLocals(reader);
  const start = reader.at;
  const loops = [];
  let callsOthers = false;
  while (!reader.atEnd) {
    const code = readInstruction(reader);
    if (code === opcode.loop) loops.push(reader.at);
    callsOthers ||= code === opcode.call || code === opcode.callIndirect;
  }
  return insert(body, callsOthers ? [start, ...loops] : loops, meter);
}

function insert(body: Uint8Array, places: readonly number[], meter: Uint8Array): Uint8Array {
  if (places.length === 0) return body;
  const parts = places.flatMap((place, at) => [body.subarray(places[at - 1] ?? 0, place), meter]);
  return Buffer.concat([...parts, body.subarray(places.at(-1))]);
}

function importedGlobals(content: Uint8Array): number {
  return readItems(content, readImport).filter((imported) => imported.kind === kind.global).length;
}

/** Adds one item to a section that is a list. */
function append(content: Uint8Array, item: readonly number[]): Uint8Array {
  const reader = new WasmReader(content);
  const count = reader.unsigned();
  const items = content.subarray(reader.at);
  return Buffer.concat([Uint8Array.from(unsigned(count + 1)), items, Uint8Array.from(item)]);
}

function writeSection(id: number, content: Uint8Array): Uint8Array[] {
  return [Uint8Array.of(id, ...unsigned(content.length)), content];
}

function name(text: string): number[] {
  const bytes = Buffer.from(text);
  return [...unsigned(bytes.length), ...bytes];
}
