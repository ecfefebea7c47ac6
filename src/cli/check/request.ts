import type { CheckRequest } from '../../server/check-client.ts';
import { fileOf, pairsOf } from './options.ts';
import { checkRequestOf } from './described-request.ts';
import type { Arguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';

/**
 * The CheckRequest that Envoy would make of this request.
 * @throws {UsageError} when an option is missing, malformed, or names an unreadable file.
 */
export function readRequest(given: Arguments): CheckRequest {
  const path = given.text('path');
  if (path === undefined)
    throw new UsageError('--path is missing; say what is called: --path /orders');
  const destination = given.text('destination');
  return checkRequestOf({
    principal: given.text('principal'),
    method: given.text('method') ?? 'GET',
    path,
    host: given.text('host'),
    headers: [...pairsOf(given, 'header', ':'), ...bearer(given)],
    body: fileOf(given, 'body-file'),
    context: pairsOf(given, 'context', '='),
    sourceIp: given.text('source-ip'),
    destination: destination === undefined ? {} : { principal: destination },
  });
}

function bearer(given: Arguments): [name: string, value: string][] {
  const token = fileOf(given, 'token-file');
  return token === undefined ? [] : [['authorization', `Bearer ${token.toString().trim()}`]];
}
