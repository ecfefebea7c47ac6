import { configSchema } from './config-schema.ts';
import { isReadAtStart } from './needs-restart.ts';
import { childPath } from './schema/node.ts';
import type { Key, Schema } from './schema/schema.ts';

/** Every key of sallyport.yaml as the Markdown of docs/configuration.md, from the schema itself. */
export function configReference(): string {
  return sectionsOf(configSchema, []).map(formatSection).join('\n');
}

interface Section {
  readonly path: readonly string[];
  readonly about: string;
  readonly rows: readonly Row[];
}

type Row = readonly [key: string, type: string, presence: string, change: string, about: string];

/** The keys of the root that are no sections come first, under no heading of their own. */
function sectionsOf(schema: Schema<unknown>, path: readonly string[], about = ''): Section[] {
  const keys = (schema.rows ?? schema.longerRows ?? []).map(([, key]) => key);
  const own = { path, about, rows: keys.filter(isLeaf).map((key) => rowOf(key, path)) };
  const below = keys
    .filter(({ schema: { rows, longerRows } }) => (rows ?? longerRows) !== undefined)
    .flatMap((key) => sectionsOf(key.schema, [...path, key.name], aboutSection(key)));
  return own.rows.length > 0 ? [own, ...below] : below;
}

function isLeaf(key: Key): boolean {
  return key.schema.rows === undefined;
}

function aboutSection(key: Key): string {
  return key.presence === 'optional' ? `${key.about} Optional.` : key.about;
}

function rowOf({ name, schema, presence, defaultText, about }: Key, path: readonly string[]): Row {
  const keyPath = childPath(path.join('.'), name);
  const absent = presence === 'required' ? 'required' : '';
  const fallback = defaultText === undefined ? absent : `\`${defaultText || '[]'}\``;
  const change = isReadAtStart(keyPath) ? 'restart' : 'live';
  return [`\`${keyPath}\``, schema.type, fallback, change, about];
}

function formatSection({ path, about, rows }: Section): string {
  const header: Row = ['Key', 'Type', 'Default', 'Change', 'Meaning'];
  const widths = header.map((_, column) =>
    Math.max(...[header, ...rows].map((row) => (row[column] ?? '').length)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const table = [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)];
  return `${headingOf(path, about)}${table.join('\n')}\n`;
}

function headingOf(path: readonly string[], about: string): string {
  return path.length === 0 ? '' : `### ${path.join('.')}\n\n${about}\n\n`;
}
