import { readGrantOrder } from '../../config/access/grant-order.ts';
import { withoutPlace } from '../../config/problem.ts';
import { grantStates, grantStateTexts } from '../../domain/access/grant.ts';
import type { JsonObject } from '../../domain/json.ts';
import { adminOptions } from '../admin-connection.ts';
import { askAndPrint } from '../ask-and-print.ts';
import { jsonOption, table, type Command, type CommandOption } from '../command.ts';
import type { Arguments } from '../parse-arguments.ts';
import { number, objectsIn, text, textsIn } from '../reply-parts.ts';
import { UsageError } from '../usage-error.ts';

const path = '/v1/grants';
const byOption: CommandOption = { name: 'by', value: 'NAME', about: 'who answers for it' };

export const grantAdd: Command = {
  name: 'grant add',
  summary: 'lets a caller do for a while what no rule allows, on all replicas within a second',
  options: [
    { name: 'from', value: 'PRINCIPAL', about: 'the caller: spiffe://…' },
    { name: 'to', value: 'SERVICE', about: 'a service of the access document' },
    { name: 'methods', value: 'METHOD,…', about: 'GET is HEAD too' },
    { name: 'paths', value: 'PATH,…', about: '/orders/{id}, /orders/**; else every path' },
    { name: 'for', value: 'TIME', about: 'for how long: 30m, 1h' },
    { name: 'reason', value: 'TEXT', about: 'why, for whoever asks later' },
    byOption,
    ...adminOptions,
    jsonOption,
  ],
  run: (args, context) =>
    askAndPrint(grantAdd, args, context, {
      needsToken: true,
      call: (given) => ({ method: 'POST', path, body: orderIn(given) }),
      describe: (grant) =>
        `${stateSentence(grant, context.program)}\nTo end it before: ${context.program} grant revoke ${text(grant['id'])} --by NAME`,
    }),
};

export const grantApprove: Command = {
  name: 'grant approve',
  summary: 'lets a grant count that somebody else has asked for',
  options: [byOption, ...adminOptions, jsonOption],
  operands: 'ID',
  run: (args, context) =>
    askAndPrint(grantApprove, args, context, {
      needsToken: true,
      call: (given) => signed(given, 'approve'),
      describe: (grant) => stateSentence(grant, context.program),
    }),
};

export const grantList: Command = {
  name: 'grant list',
  summary: 'the grants that there are now',
  options: [...adminOptions, jsonOption],
  run: (args, context) =>
    askAndPrint(grantList, args, context, {
      needsToken: false,
      call: () => ({ method: 'GET', path }),
      describe: grantTable,
    }),
};

export const grantRevoke: Command = {
  name: 'grant revoke',
  summary: 'ends a grant, on all replicas within a second',
  options: [byOption, ...adminOptions, jsonOption],
  operands: 'ID',
  run: (args, context) =>
    askAndPrint(grantRevoke, args, context, {
      needsToken: true,
      call: (given) => signed(given, 'revoke'),
      describe: ({ id }) => `${text(id)} counts no longer`,
    }),
};

const textOptions = ['from', 'to', 'for', 'reason', 'by'] as const;

/** What else is wrong with it the server says, which knows the services. @throws {UsageError} */
function orderIn(given: Arguments): JsonObject {
  const order: Record<string, string | readonly string[]> = {};
  for (const name of textOptions) {
    const value = given.text(name);
    if (value !== undefined) order[name] = value;
  }
  for (const name of ['methods', 'paths'] as const) {
    const value = given.text(name);
    if (value !== undefined) order[name] = value.split(',').map((each) => each.trim());
  }
  const read = readGrantOrder(order);
  if ('value' in read) return order;
  throw new UsageError(read.problems.map((each) => `--${withoutPlace(each)}`).join('\n'));
}

/** @throws {UsageError} */
function signed(given: Arguments, verb: 'approve' | 'revoke') {
  const [id, another] = given.operands;
  const by = given.text('by');
  if (id === undefined || another !== undefined) {
    throw new UsageError('which grant? Give one ID, of those that grant list shows');
  }
  if (by === undefined) throw new UsageError('who? Say --by NAME');
  return {
    method: 'POST',
    path: `${path}/${encodeURIComponent(id)}/${verb}`,
    body: { by },
  } as const;
}

function stateSentence(grant: JsonObject, program: string): string {
  const [id, state, until] = [text(grant['id']), text(grant['state']), text(grant['expiresAt'])];
  const next = state === 'awaits_approval' ? `: ${program} grant approve ${id} --by ANOTHER` : '';
  return state === 'counts'
    ? `${id} counts until ${until}`
    : `${id} ${stateText(state)}${next}\nIt ends at ${until}`;
}

function stateText(state: string): string {
  const known = grantStates.find((each) => each === state);
  return known === undefined ? state : grantStateTexts[known];
}

function grantTable({ grants }: JsonObject): string {
  const rows = objectsIn(grants).map((grant) => [
    text(grant['id']),
    text(grant['from']),
    text(grant['to']),
    [textsIn(grant['methods']).join(','), ...textsIn(grant['paths'])].join(' '),
    stateText(text(grant['state'])),
    text(grant['expiresAt']),
    String(number(grant['uses'])),
    whoAndWhy(grant),
  ]);
  return rows.length === 0
    ? 'nothing is granted'
    : table([['ID', 'FROM', 'TO', 'WHAT', 'STATE', 'UNTIL', 'USES HERE', 'BY'], ...rows]);
}

function whoAndWhy(grant: JsonObject): string {
  const approver = text(grant['approvedBy']);
  const people = approver === '' ? text(grant['by']) : `${text(grant['by'])} and ${approver}`;
  return `${people}: ${text(grant['reason'])}`;
}
