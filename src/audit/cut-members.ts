import type { JsonObject, JsonValue } from '../domain/json.ts';
import { valueAt } from './json-pointer.ts';
import type { Removal } from './removal.ts';

/**
 * Cuts members out of the text of the input, which `jsonText` made of the document; that costs
 * a fraction of writing the document again without them. Undefined where the text does not say for
 * certain which member is meant: then it has to be written again.
 *
 * A name with its value is found as text, and only when it stands there once: inside a string it
 * cannot stand, because quotes are escaped there.
 */
export function cutMembers(
  text: string,
  document: JsonObject,
  removals: readonly Removal[],
): string | undefined {
  let remaining = text;
  for (const { container, names } of removals) {
    const [, ...path] = container;
    const parent = container.length === 0 ? undefined : valueAt(document, path);
    if (parent === undefined || Array.isArray(parent)) return undefined;
    for (const name of names) {
      const value = valueAt(parent, [name]);
      const cut = value === undefined ? undefined : cutMember(remaining, name, value);
      if (cut === undefined) return undefined;
      remaining = cut;
    }
  }
  return remaining;
}

function cutMember(text: string, name: string, value: JsonValue): string | undefined {
  const member = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const start = text.indexOf(member);
  const end = start + member.length;
  if (start === -1 || text.indexOf(member, start + 1) !== -1) return undefined;
  const [before, after] = [text[start - 1], text[end]];
  // A number may go on behind the one that was looked for.
  if (after !== ',' && after !== '}') return undefined;
  if (before === ',') return text.slice(0, start - 1) + text.slice(end);
  if (before !== '{') return undefined;
  return text.slice(0, start) + text.slice(after === ',' ? end + 1 : end);
}
