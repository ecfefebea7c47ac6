import { type AdminCall, type AdminReply, askAdmin } from '../admin/admin-client.ts';
import { readAdminToken } from '../admin/admin-token.ts';
import type { Config } from '../config/config.ts';
import { parseAddress } from '../config/schema/values.ts';
import { messageOf } from '../domain/fault-message.ts';
import type { ListenAddress } from '../domain/listen-address.ts';
import { printable } from '../domain/printable.ts';
import type { CommandOption } from './command.ts';
import type { CliContext } from './context.ts';
import { configOptions, givenConfig, requireConfig } from './given-config.ts';
import type { Arguments } from './parse-arguments.ts';
import { UsageError } from './usage-error.ts';

const defaultAdmin = '127.0.0.1:9192';

/** Of every command that asks a running server's admin address. */
export const adminOptions: readonly CommandOption[] = [
  { name: 'server-admin', value: 'ADDRESS', about: `its admin address; ${defaultAdmin}` },
  { name: 'token-file', value: 'FILE', about: 'the token of admin.tokenFile' },
  ...configOptions("take address and token from the server's sallyport.yaml"),
];

/** Every reply is one that the server was willing to give: 200, or why the answer is no. */
export type AskServer = (call: Omit<AdminCall, 'token'>) => Promise<AdminReply>;

const answers = new Set([200, 400, 404, 409]);

/** `needsToken`: the server takes the command only with one. @throws {UsageError} */
export async function connectToAdmin(
  given: Arguments,
  context: CliContext,
  { needsToken }: { readonly needsToken: boolean },
): Promise<AskServer> {
  const file = givenConfig(given, context.environment);
  const config = file && requireConfig(file);
  const address = addressOf(given, config);
  const token = await tokenOf(given, config);
  if (token === undefined && needsToken) {
    throw new UsageError(
      "--token-file is missing: this takes the token of admin.tokenFile; or give the server's configuration with -c",
    );
  }
  return async (call) => {
    const reply = await reach(address, { ...call, token });
    if (answers.has(reply.status)) return reply;
    if (reply.status === 401 && token !== undefined) throw new Error(wrongToken);
    throw new Error(`the server answered ${reply.status}: ${printable(reply.body.trim())}`);
  };
}

const wrongToken =
  'the server refused this token: give the one that its admin.tokenFile holds, with --token-file or -c';

async function reach(address: ListenAddress, call: AdminCall): Promise<AdminReply> {
  try {
    return await askAdmin(address, call);
  } catch (error) {
    const reason = messageOf(error);
    const hint = 'Is the server up, and is this its admin.address? Else give that with -c';
    throw new Error(`${reason}\n${hint} or --server-admin`, { cause: error });
  }
}

function addressOf(given: Arguments, config: Config | undefined): ListenAddress {
  const text = given.text('server-admin');
  if (text === undefined && config !== undefined) return config.admin.address;
  const address = parseAddress(text ?? defaultAdmin);
  if (address !== undefined) return address;
  throw new UsageError(`--server-admin must be host:port, [::1]:port or unix:/path, not ${text}`);
}

async function tokenOf(given: Arguments, config: Config | undefined): Promise<string | undefined> {
  const file = given.text('token-file') ?? config?.admin.tokenFile;
  if (file === undefined) return undefined;
  try {
    return await readAdminToken(file);
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`${file} ${reason}`);
  }
}
