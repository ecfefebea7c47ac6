import type { Denial } from '../../../domain/decision/decision.ts';
import { parseQuery } from '../url-decoding.ts';
import { badBody, type ParsedBody } from './parsed-body.ts';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** `application/x-www-form-urlencoded`: an object of arrays of strings. */
export function readFormBody(bytes: Uint8Array): ParsedBody | Denial {
  const value = parseQuery(decoder.decode(bytes));
  return value === undefined
    ? badBody('not a valid form: it has a `;` or a bad escape')
    : { value, truncated: false };
}
