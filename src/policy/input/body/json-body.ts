import type { Denial } from '../../../domain/decision/decision.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import { badBody, type ParsedBody } from './parsed-body.ts';

export function readJsonBody(bytes: Uint8Array): ParsedBody | Denial {
  const value = parseJsonBytes(bytes);
  return value === undefined
    ? badBody('not valid JSON, or nests too deep')
    : { value, truncated: false };
}
