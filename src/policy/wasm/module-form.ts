import { WasmReader } from './leb128.ts';
import { section, type Section } from './sections.ts';

/**
 * Far more than OPA's compiler writes. Instances are made while checks wait, which takes time for
 * each of these, and no fuel: a table of ten million entries is written in ten bytes.
 */
const mostItems: ReadonlyMap<number, number> = new Map([
  [section.import, 1000],
  [section.table, 1],
  [section.global, 1000],
  [section.export, 1000],
]);

const mostTableEntries = 100_000;

/** The others hold what nothing here bounds, as memories of the module's own. */
const known: ReadonlySet<number> = new Set(Object.values(section));

/** Throws a RangeError for a module with sections that OPA's compiler does not write. */
export function requireOpaForm(sections: readonly Section[]): void {
  for (const { id, content } of sections) {
    if (!known.has(id)) throw new RangeError(`the module has a section ${id}`);
    const most = mostItems.get(id);
    if (most === undefined) continue;
    const reader = new WasmReader(content);
    const items = reader.unsigned();
    if (items > most) throw new RangeError(`the module has ${items} items in section ${id}`);
    if (id === section.table && items > 0) requireSmallTable(reader);
  }
}

const functionReference = 0x70;

function requireSmallTable(reader: WasmReader): void {
  const type = reader.byte();
  if (type !== functionReference)
    throw new RangeError(`the module has a table of the type ${type}`);
  reader.byte();
  const entries = reader.unsigned();
  if (entries > mostTableEntries)
    throw new RangeError(`the module has a table of ${entries} entries`);
}
