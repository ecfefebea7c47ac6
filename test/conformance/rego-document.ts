/** docs/rego.md, whose generated parts stand between `<!-- begin NAME -->` and `<!-- end NAME -->`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';

const file = join(import.meta.dirname, '../../docs/rego.md');

export function readDocument(): string {
  return readFileSync(file, 'utf8');
}

export function writeDocument(text: string): void {
  writeFileSync(file, text);
}

/** The document with these contents of its generated parts, in the project's format. */
export async function withParts(
  document: string,
  parts: Readonly<Record<string, string>>,
): Promise<string> {
  let text = document;
  for (const [name, content] of Object.entries(parts)) {
    const [start, end] = [`<!-- begin ${name} -->`, `<!-- end ${name} -->`];
    const [before, rest] = splitAt(text, start);
    const [, after] = splitAt(rest, end);
    text = `${before}${start}\n\n${content}\n\n${end}${after}`;
  }
  return format(text, { ...(await resolveConfig(file)), filepath: file });
}

function splitAt(text: string, mark: string): [before: string, after: string] {
  const at = text.indexOf(mark);
  if (at === -1) throw new Error(`docs/rego.md has no line ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
