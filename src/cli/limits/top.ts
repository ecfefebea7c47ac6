import { isJsonObject, type JsonObject } from '../../domain/json.ts';
import { printable } from '../../domain/printable.ts';
import { adminOptions } from '../admin-connection.ts';
import { jsonOption, table, type Command } from '../command.ts';
import { askAndPrint } from '../ask-and-print.ts';
import { number, objectsIn, text } from '../reply-parts.ts';
import { countText } from './count-text.ts';

export const limitsTop: Command = {
  name: 'limits top',
  summary: 'who is refused most often, by limit, of late, by one running server',
  options: [...adminOptions, jsonOption],
  run: (args, context) =>
    askAndPrint(limitsTop, args, context, {
      needsToken: false,
      call: () => ({ method: 'GET', path: '/v1/limits/offenders' }),
      describe: offenderTable,
    }),
};

function offenderTable({ offenders }: JsonObject): string {
  const rows = objectsIn(offenders).map((offender) => [
    text(offender['limit']),
    countText(number(offender['denied']), number(offender['overcount'])),
    countedText(offender['counted']),
  ]);
  return rows.length === 0
    ? 'nobody was refused in the last ten minutes'
    : table([['LIMIT', 'REFUSED', 'WHOM'], ...rows]);
}

/** As `--key` takes it. */
function countedText(counted: JsonObject[string] | undefined): string {
  if (!isJsonObject(counted)) return '';
  const parts = Object.entries(counted).map(([name, value]) =>
    value === null ? name : `${name}=${text(value)}`,
  );
  return parts.map(printable).join(' ') || 'all';
}
