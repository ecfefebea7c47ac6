import { emptyMap } from '../../../domain/empty-map.ts';

/** RFC 9110 §5.6.2 token. */
const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const fieldPattern = new RegExp(`^(?<name>${token}):(?<value>.*)$`);
const mediaTypePattern = /^[ \t]*(?<type>[^;,\s]+)[ \t]*/;
const parameterPattern = new RegExp(
  `;[ \\t]*(?:(?<name>${token})=(?:(?<bare>${token})|"(?<quoted>(?:[^"\\\\]|\\\\.)*)")[ \\t]*)?`,
  'y',
);

/** A `\` escapes one of these; before another character it is a character, as Windows paths have. */
const quotedPair = /\\([()<>@,;:\\"/[\]?=])/g;

export interface MimeValue {
  readonly type: string;
  /** By lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The value of Content-Type or Content-Disposition: `form-data; name="a"`. Undefined when it is
 * malformed or says something twice, where readers differ on which counts.
 */
export function readMimeValue(text: string): MimeValue | undefined {
  const opening = mediaTypePattern.exec(text);
  if (opening === null) return undefined;
  const parameters = emptyMap<string>();
  let at = opening[0].length;
  while (at < text.length) {
    parameterPattern.lastIndex = at;
    const match = parameterPattern.exec(text);
    if (match === null) return undefined;
    at += match[0].length;
    const { name, bare, quoted } = match.groups ?? {};
    if (name === undefined) continue;
    if (parameters[name.toLowerCase()] !== undefined) return undefined;
    parameters[name.toLowerCase()] = bare ?? quoted?.replace(quotedPair, '$1') ?? '';
  }
  return { type: (opening.groups?.['type'] ?? '').toLowerCase(), parameters };
}

/** Header fields by lower-case name. Undefined when a line is none, is folded or is repeated. */
export function readHeaderFields(lines: readonly string[]): Record<string, string> | undefined {
  const fields = emptyMap<string>();
  for (const line of lines) {
    const { name, value } = fieldPattern.exec(line)?.groups ?? {};
    if (name === undefined || value === undefined) return undefined;
    if (fields[name.toLowerCase()] !== undefined) return undefined;
    fields[name.toLowerCase()] = value.trim();
  }
  return fields;
}
