import type { JsonObject } from '../../domain/json.ts';
import { adminOptions } from '../admin-connection.ts';
import { jsonOption, table, type Command } from '../command.ts';
import { durationText } from '../../domain/duration-text.ts';
import type { Arguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';
import { askAndPrint } from '../ask-and-print.ts';
import { number, objectsIn, text } from '../reply-parts.ts';

const path = '/v1/limits/overrides';

export const limitsOverrideAdd: Command = {
  name: 'limits override add',
  summary: 'sets a limit otherwise for a while, on all replicas within a second',
  options: [
    { name: 'limit', value: 'NAME', about: 'which limit' },
    { name: 'caller', value: 'PRINCIPAL', about: 'for one caller; else for all' },
    { name: 'rate', value: 'RATE', about: 'instead of its rate: 1000/1m' },
    { name: 'burst', value: 'N', about: "of that rate; the rate's count" },
    { name: 'quota', value: 'QUOTA', about: 'instead of its quota: 5000/day' },
    { name: 'shadow', about: 'count, and refuse nobody' },
    { name: 'off', about: 'neither count nor refuse' },
    { name: 'for', value: 'TIME', about: 'for how long: 30m, 1h; at most 24h' },
    { name: 'reason', value: 'TEXT', about: 'why, for whoever asks later' },
    { name: 'by', value: 'NAME', about: 'who answers for it' },
    ...adminOptions,
    jsonOption,
  ],
  run: (args, context) =>
    askAndPrint(limitsOverrideAdd, args, context, {
      needsToken: true,
      call: (given) => ({ method: 'POST', path, body: orderIn(given) }),
      describe: (override) =>
        `${text(override['id'])} holds until ${text(override['expiresAt'])}\nTo end it before: limits override remove ${text(override['id'])}`,
    }),
};

export const limitsOverrideList: Command = {
  name: 'limits override list',
  summary: 'the emergency overrides that hold now',
  options: [...adminOptions, jsonOption],
  run: (args, context) =>
    askAndPrint(limitsOverrideList, args, context, {
      needsToken: false,
      call: () => ({ method: 'GET', path }),
      describe: overrideTable,
    }),
};

export const limitsOverrideRemove: Command = {
  name: 'limits override remove',
  summary: 'ends an emergency override',
  options: [...adminOptions, jsonOption],
  operands: 'ID',
  run: (args, context) =>
    askAndPrint(limitsOverrideRemove, args, context, {
      needsToken: true,
      call: (given) => ({ method: 'DELETE', path: `${path}/${encodeURIComponent(idIn(given))}` }),
      describe: ({ removed }) => `${text(removed)} holds no longer`,
    }),
};

const textOptions = ['limit', 'caller', 'rate', 'quota', 'for', 'reason', 'by'] as const;

/** What is wrong with it the server says, which knows the limit. @throws {UsageError} */
function orderIn(given: Arguments): JsonObject {
  const order: Record<string, string | number> = {};
  for (const name of textOptions) {
    const value = given.text(name);
    if (value !== undefined) order[name] = value;
  }
  const burst = given.text('burst');
  if (burst !== undefined) order['burst'] = Number(burst);
  if (given.flag('off') && given.flag('shadow')) {
    throw new UsageError('--off and --shadow exclude each other');
  }
  if (given.flag('off')) order['mode'] = 'off';
  if (given.flag('shadow')) order['mode'] = 'shadow';
  return order;
}

function idIn({ operands }: Arguments): string {
  const [id, another] = operands;
  if (id !== undefined && another === undefined) return id;
  throw new UsageError('which override? Give one ID, of those that limits override list shows');
}

function overrideTable({ overrides }: JsonObject): string {
  const rows = objectsIn(overrides).map((override) => [
    text(override['id']),
    text(override['limit']),
    text(override['caller']) || 'all',
    changeText(override),
    text(override['expiresAt']),
    `${text(override['by'])}: ${text(override['reason'])}`,
  ]);
  return rows.length === 0
    ? 'no emergency override holds'
    : table([['ID', 'LIMIT', 'CALLER', 'CHANGE', 'UNTIL', 'BY'], ...rows]);
}

function changeText({ mode, quota, windowMs, burst }: JsonObject): string {
  if (typeof mode === 'string') return text(mode);
  return `${number(quota)}/${durationText(number(windowMs))}, burst ${number(burst)}`;
}
