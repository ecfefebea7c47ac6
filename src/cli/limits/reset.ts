import { adminOptions } from '../admin-connection.ts';
import { jsonOption, type Command } from '../command.ts';
import { addressIn, addressOptions } from './address-options.ts';
import { askAndPrint } from '../ask-and-print.ts';
import { bucketTable } from './bucket-table.ts';

/** Without a limit's name, only what is counted by the caller is given back. */
export const limitsReset: Command = {
  name: 'limits reset',
  summary: 'gives a caller back what it has used up, on all replicas',
  options: [...addressOptions, ...adminOptions, jsonOption],
  run: (args, context) =>
    askAndPrint(limitsReset, args, context, {
      needsToken: true,
      call: (given) => ({ method: 'POST', path: '/v1/limits/reset', body: addressIn(given) }),
      describe: bucketTable,
    }),
};
