import type { Denial } from '../../../domain/decision/decision.ts';
import type { JsonValue } from '../../../domain/json.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import { emptyMap } from '../../../domain/empty-map.ts';
import { readHeaderFields, readMimeValue } from './mime-header.ts';
import { badBody, type ParsedBody, unreadBody } from './parsed-body.ts';

const maxParts = 1000;

/**
 * `multipart/form-data` as an object of arrays: strings, or values where the part is JSON. Strict
 * (RFC 7578) where lenient readers differ from each other. The bytes are handled as Latin-1 text,
 * one character a byte, until a value is known.
 */
export function readMultipartBody(bytes: Uint8Array, contentType: string): ParsedBody | Denial {
  const header = readMimeValue(contentType);
  if (header === undefined) return badBody('multipart with a bad Content-Type');
  const boundary = header.parameters['boundary'];
  if (boundary === undefined) return unreadBody;
  if (boundary === '') return badBody('multipart with an empty boundary');
  const parts = splitParts(latin1Of(bytes), boundary);
  if (parts === undefined) {
    return badBody(`multipart that its boundary does not divide, into ${maxParts} parts at most`);
  }

  const values = emptyMap<JsonValue[]>();
  for (const part of parts) {
    const field = readPart(part);
    if (field === undefined) return badBody('multipart with a part that cannot be read');
    if (field.name !== '') (values[field.name] ??= []).push(field.value);
  }
  return { value: values, truncated: false };
}

/**
 * The parts, each with the line ending of the delimiter before it. Undefined when there are too many,
 * there is no first or last delimiter, or a line is one for some readers only.
 */
function splitParts(text: string, boundary: string): string[] | undefined {
  const dashed = `--${boundary.replace(/\W/g, '\\$&')}`;
  const opening = new RegExp(`(?:^|\\n)${dashed}(?<last>--)?[ \\t]*(?<newline>\\r?\\n|$)`).exec(
    text,
  );
  if (opening === null) return undefined;
  const { last, newline = '' } = opening.groups ?? {};
  if (last !== undefined) return [];

  // The first delimiter decides which line ending the others have, as in Go.
  const lineEnd = `(?<last>--)?[ \\t]*(?=${newline}|$)`;
  const delimiter = new RegExp(`${newline}${dashed}(?:${lineEnd}|(?<unclear>[ \\t\\r\\n-]))`, 'g');
  const parts: string[] = [];
  let start = opening.index + opening[0].length - newline.length;
  delimiter.lastIndex = start;
  for (const match of text.matchAll(delimiter)) {
    if (match.groups?.['unclear'] !== undefined || parts.length === maxParts) return undefined;
    parts.push(text.slice(start, match.index));
    if (match.groups?.['last'] !== undefined) return parts;
    start = match.index + match[0].length;
  }
  return undefined;
}

interface Field {
  /** Empty when the part is not a form's field. */
  readonly name: string;
  readonly value: JsonValue;
}

function readPart(part: string): Field | undefined {
  const blankLine = /\r?\n\r?\n/.exec(part);
  // The line ending of a part without content belongs to the delimiter that follows.
  if (blankLine === null && !part.endsWith('\n')) return undefined;
  const head = part.slice(0, blankLine?.index).split(/\r?\n/);
  const content = blankLine === null ? '' : part.slice(blankLine.index + blankLine[0].length);

  const fields = readHeaderFields(head.filter((line) => line !== ''));
  if (fields === undefined || !isPlain(fields['content-transfer-encoding'])) return undefined;
  const name = fieldName(fields['content-disposition']);
  if (name === undefined) return undefined;

  const bytes = Buffer.from(content, 'latin1');
  if (fields['content-type']?.includes('application/json') !== true) {
    return { name, value: bytes.toString() };
  }
  const value = parseJsonBytes(bytes);
  return value === undefined ? undefined : { name, value };
}

/** Some readers decode quoted-printable and base64, others do not; RFC 7578 §4.7 has neither. */
function isPlain(encoding = 'binary'): boolean {
  return /^(?:7bit|8bit|binary)$/i.test(encoding);
}

function fieldName(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return '';
  const value = readMimeValue(disposition);
  if (value === undefined || value.parameters['name*'] !== undefined) return undefined;
  if (value.type !== 'form-data') return '';
  return Buffer.from(value.parameters['name'] ?? '', 'latin1').toString();
}

function latin1Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
