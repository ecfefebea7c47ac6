import { signed, unsigned, WasmReader } from './leb128.ts';
import { requireOpaForm } from './module-form.ts';
import { tollsOf } from './tolls.ts';
import { headerBytes, kind, readImport, readItems, readSections, section } from './sections.ts';

/** The name under which a module with fuel exports its counter. */
export const fuelExport = 'sallyport_fuel';

/** The counter is a signed 32-bit integer. */
export const mostFuel = 2 ** 31 - 1;

/** What an instance may use until it is given fuel: OPA's takes 100,000 for a page of memory. */
const startFuel = 2_000_000;

/**
 * Writes a fuel counter into a module, so that no evaluation runs without end: units are taken from
 * it at the tolls, and at none left the module traps. What a policy takes depends on the policy, its
 * data and its input, and not on the machine.
 *
 * The counter is an exported mutable global, set before each evaluation. Functions and locals keep
 * their numbers, because only the end of the list of globals grows.
 *
 * Throws a RangeError for a module in another form than OPA's compiler writes.
 */
export function addFuel(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const sections = readSections(wasm);
  requireOpaForm(sections);
  const parts: Uint8Array[] = [wasm.subarray(0, headerBytes)];
  let globals = 0;
  for (const { id, content } of sections) {
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
      return meterCode(content, globals);
    default:
      return content;
  }
}

/** A mutable i32. */
const fuelGlobal = [0x7f, 0x01, 0x41, ...signed(startFuel), 0x0b];

/**
 * Takes units from the counter, and traps when that leaves less than none: by reading the last byte
 * that can be addressed, which no memory here has. An `if` would do, but V8 keeps all variables of a
 * function for each: 2 GB to compile a list of 10,000 permissions.
 */
function takeFuel(counter: readonly number[], units: number): Uint8Array {
  const instructions = [
    [0x23, ...counter], // global.get
    [0x41, ...signed(units), 0x6b], // i32.const, i32.sub
    [0x24, ...counter], // global.set
    [0x23, ...counter], // global.get
    [0x41, 31, 0x75], // i32.const 31, i32.shr_s: 0, or all ones
    [0x2d, 0x00, 0x00, 0x1a], // i32.load8_u, drop
  ];
  return Uint8Array.from(instructions.flat());
}

function meterCode(content: Uint8Array, globals: number): Uint8Array {
  const bodies = readItems(content, (reader) =>
    meterFunction(reader.take(reader.unsigned()), globals),
  );
  const count = Uint8Array.from(unsigned(bodies.length));
  const withLengths = bodies.flatMap((body) => [Uint8Array.from(unsigned(body.length)), body]);
  return Buffer.concat([count, ...withLengths]);
}

function meterFunction(body: Uint8Array, globals: number): Uint8Array {
  const counter = unsigned(globals);
  const parts: Uint8Array[] = [];
  let start = 0;
  for (const { at, units } of tollsOf(body, globals)) {
    parts.push(body.subarray(start, at), takeFuel(counter, units));
    start = at;
  }
  return parts.length === 0 ? body : Buffer.concat([...parts, body.subarray(start)]);
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
