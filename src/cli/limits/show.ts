import { jsonOption, type Command } from '../command.ts';
import { adminOptions } from '../admin-connection.ts';
import { addressIn, addressOptions } from './address-options.ts';
import { bucketTable } from './bucket-table.ts';
import { askAndPrint } from '../ask-and-print.ts';

export const limitsShow: Command = {
  name: 'limits show',
  summary: "the state of one caller's limits now, on a running server",
  options: [...addressOptions, ...adminOptions, jsonOption],
  run: (args, context) =>
    askAndPrint(limitsShow, args, context, {
      needsToken: false,
      call: (given) => ({ method: 'POST', path: '/v1/limits/show', body: addressIn(given) }),
      describe: bucketTable,
    }),
};
