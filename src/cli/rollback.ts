import { type AdminCall, type AdminReply, askAdmin } from '../admin/admin-client.ts';
import { readAdminToken } from '../admin/admin-token.ts';
import type { Config } from '../config/config.ts';
import { parseAddress } from '../config/values.ts';
import { isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { ListenAddress } from '../domain/listen-address.ts';
import { printable } from '../domain/printable.ts';
import { parseJson } from '../policy/json-text.ts';
import { jsonOption, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { configOptions, givenConfig, requireConfig } from './given-config.ts';
import { type Arguments, parseArguments } from './parse-arguments.ts';
import { UsageError } from './usage-error.ts';

const defaultAdmin = '127.0.0.1:9192';

export const rollback: Command = {
  name: 'rollback',
  summary: 'puts back the revision of a bundle that decided before, on a running server',
  options: [
    { name: 'bundle', value: 'NAME', about: 'which of several bundles' },
    { name: 'server-admin', value: 'ADDRESS', about: `its admin address; ${defaultAdmin}` },
    { name: 'token-file', value: 'FILE', about: 'the token of admin.tokenFile' },
    ...configOptions("take address and token from the server's sallyport.yaml"),
    jsonOption,
  ],
  run: rollBack,
};

/** The answer is no when the server has no such bundle, or nothing to go back to. */
async function rollBack(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(rollback, args);
  const ask = await connect(given, context);
  const name = given.text('bundle') ?? (await onlyBundle(ask));
  const path = `/v1/bundles/${encodeURIComponent(name)}/rollback`;
  const { status, body } = await ask('POST', path);
  if (status !== 200) {
    context.stderr.write(`${printable(body.trim())}\n`);
    return 1;
  }
  const { active_revision: active, held_revision: held } = documentIn(body);
  context.stdout.write(
    given.flag('json')
      ? body
      : `${name}: revision ${textOf(active)} decides; ${textOf(held)} is not taken again\n`,
  );
  return 0;
}

type Ask = (method: AdminCall['method'], path: string) => Promise<AdminReply>;

/** Every reply is one that the server was willing to give. @throws {UsageError} */
async function connect(given: Arguments, context: CliContext): Promise<Ask> {
  const file = givenConfig(given, context.environment);
  const config = file && requireConfig(file);
  const address = addressOf(given, config);
  const token = await tokenOf(given, config);
  return async (method, path) => {
    const reply = await askAdmin(address, { method, path, token });
    if (reply.status === 200 || reply.status === 404 || reply.status === 409) return reply;
    throw new Error(`the server answered ${reply.status}: ${printable(reply.body.trim())}`);
  };
}

function addressOf(given: Arguments, config: Config | undefined): ListenAddress {
  const text = given.text('server-admin');
  if (text === undefined && config !== undefined) return config.admin.address;
  const address = parseAddress(text ?? defaultAdmin);
  if (address !== undefined) return address;
  throw new UsageError(`--server-admin must be host:port, [::1]:port or unix:/path, not ${text}`);
}

async function tokenOf(given: Arguments, config: Config | undefined): Promise<string> {
  const file = given.text('token-file') ?? config?.admin.tokenFile;
  if (file === undefined) {
    throw new UsageError('--token-file is missing: a rollback takes the token of admin.tokenFile');
  }
  try {
    return await readAdminToken(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`${file} ${reason}`);
  }
}

/** @throws {UsageError} when there are several. */
async function onlyBundle(ask: Ask): Promise<string> {
  const { body } = await ask('GET', '/v1/status');
  const { bundles } = documentIn(body);
  const names = isJsonObject(bundles) ? Object.keys(bundles) : [];
  const [only, another] = names;
  if (only !== undefined && another === undefined) return only;
  throw new UsageError(`--bundle is missing; there are ${names.map(printable).join(', ')}`);
}

function documentIn(body: string): JsonObject {
  const document = parseJson(body);
  if (isJsonObject(document)) return document;
  throw new Error('the server answered with something else than JSON');
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? printable(value) : 'unknown';
}
