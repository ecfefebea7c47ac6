import { isJsonObject } from '../../domain/json.ts';
import { printable } from '../../domain/printable.ts';
import { adminOptions, type AskServer, connectToAdmin } from '../admin-connection.ts';
import { jsonOption, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { parseArguments } from '../parse-arguments.ts';
import { documentIn, text } from '../reply-parts.ts';
import { UsageError } from '../usage-error.ts';

export const rollback: Command = {
  name: 'rollback',
  summary: 'puts back the revision of a bundle that decided before, on a running server',
  options: [
    { name: 'bundle', value: 'NAME', about: 'which of several bundles' },
    ...adminOptions,
    jsonOption,
  ],
  run: rollBack,
};

/** The answer is no when the server has no such bundle, or nothing to go back to. */
async function rollBack(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(rollback, args);
  const ask = await connectToAdmin(given, context, { needsToken: true });
  const name = given.text('bundle') ?? (await onlyBundle(ask));
  const path = `/v1/bundles/${encodeURIComponent(name)}/rollback`;
  const { status, body } = await ask({ method: 'POST', path });
  if (status !== 200) {
    context.stderr.write(`${printable(body.trim())}\n`);
    return 1;
  }
  const { active_revision: active, held_revision: held } = documentIn(body);
  context.stdout.write(
    given.flag('json')
      ? body
      : `${name}: revision ${text(active) || 'unknown'} decides; ${text(held) || 'unknown'} is not taken again\n`,
  );
  return 0;
}

/** @throws {UsageError} when there are several. */
async function onlyBundle(ask: AskServer): Promise<string> {
  const { body } = await ask({ method: 'GET', path: '/v1/status' });
  const { bundles } = documentIn(body);
  const names = isJsonObject(bundles) ? Object.keys(bundles) : [];
  const [only, another] = names;
  if (only !== undefined && another === undefined) return only;
  throw new UsageError(`--bundle is missing; there are ${names.map(printable).join(', ')}`);
}
