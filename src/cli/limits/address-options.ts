import type { JsonObject } from '../../domain/json.ts';
import type { CommandOption } from '../command.ts';
import type { Arguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';

/** Whose buckets a command is about. */
export const addressOptions: readonly CommandOption[] = [
  { name: 'caller', value: 'PRINCIPAL', about: 'whose limits: spiffe://…' },
  { name: 'limit', value: 'NAME', about: 'of one limit only' },
  { name: 'service', value: 'NAME', about: 'of what is called' },
  {
    name: 'key',
    value: 'PART=VALUE',
    multiple: true,
    about: 'what else a limit counts by: header:x-tenant=acme, source.ip=10.0.0.7, rule=reads',
  },
];

/** As the server takes it. A part without `=` is one that requests do not have. @throws {UsageError} */
export function addressIn(given: Arguments): JsonObject {
  const address: Record<string, string | null> = {};
  for (const name of ['caller', 'limit', 'service']) {
    const value = given.text(name);
    if (value !== undefined) address[name] = value;
  }
  for (const text of given.texts('key')) {
    const end = text.indexOf('=');
    const name = end === -1 ? text : text.slice(0, end);
    if (name === '' || name === 'limit') {
      throw new UsageError(`--key must be PART=VALUE, such as header:x-tenant=acme, not ${text}`);
    }
    address[name] = end === -1 ? null : text.slice(end + 1);
  }
  if (Object.keys(address).length === 0) {
    throw new UsageError('whose limits? Give --caller, or --limit and what it counts by');
  }
  return address;
}
