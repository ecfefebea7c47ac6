import { writeFile } from 'node:fs/promises';
import { messageOf } from '../../domain/fault-message.ts';
import type { BuildRequest } from '../../app/policy/bundle-tools.ts';
import { decisionPath } from '../../config/sections/policy-schema.ts';
import { formatProblem, type Problem } from '../../config/problem.ts';
import { BundleError } from '../../policy/bundle-error.ts';
import { describeForTerminal } from './report.ts';
import type { Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { type Arguments, parseArguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';
import {
  algorithmIn,
  algorithmOption,
  signatureKeyIn,
  verificationWith,
} from './verification-options.ts';

const defaultOutput = 'bundle.tar.gz';

export const bundleBuild: Command = {
  name: 'bundle build',
  summary: 'Rego and data as a bundle, by opa build; signed, if a key is given',
  options: [
    { name: 'entrypoint', short: 'e', value: 'PATH', multiple: true, about: 'a rule that answers' },
    { name: 'output', short: 'o', value: 'FILE', about: `where it goes; ${defaultOutput}` },
    { name: 'revision', short: 'r', value: 'TEXT', about: 'its revision; else its digest' },
    { name: 'ignore', value: 'PATTERN', multiple: true, about: 'what is left out: *_test.rego' },
    { name: 'signing-key', value: 'FILE', about: 'sign with this key (PEM), or HMAC secret' },
    algorithmOption,
    { name: 'key-id', value: 'NAME', about: 'what the signature calls its key; default' },
    { name: 'scope', value: 'TEXT', about: 'what the signature is for' },
  ],
  operands: 'SOURCE…',
  run: build,
};

async function build(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(bundleBuild, args);
  const request = requestIn(given);
  const output = given.text('output') ?? defaultOutput;
  try {
    await write(output, await context.buildBundle(request, context.environment));
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    context.stderr.write(`${error.message}\n`);
    return 1;
  }
  return showBuilt(output, request, context);
}

/** @throws {UsageError} */
async function write(output: string, archive: Uint8Array): Promise<void> {
  try {
    await writeFile(output, archive);
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`--output: the bundle cannot be written: ${reason}`);
  }
}

/** A signature is verified with its own key, as a server will with the public one. */
async function showBuilt(
  output: string,
  { signer }: BuildRequest,
  context: CliContext,
): Promise<ExitStatus> {
  const inspected = await context.inspectBundle(output, signer && verificationWith(signer));
  if ('problems' in inspected) {
    writeProblems(inspected.problems, context);
    return 1;
  }
  context.stdout.write(`${output}\n${describeForTerminal(inspected.value)}\n`);
  return 0;
}

function writeProblems(problems: readonly Problem[], { stderr }: CliContext): void {
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
}

/** @throws {UsageError} */
function requestIn(given: Arguments): BuildRequest {
  const entrypoints = given.texts('entrypoint');
  if (given.operands.length === 0) throw new UsageError('what is to be built? Give its folder');
  if (entrypoints.length === 0) {
    throw new UsageError('--entrypoint is missing; say which rule answers: -e envoy/authz/allow');
  }
  for (const entrypoint of entrypoints) requireEntrypoint(entrypoint);
  for (const path of given.operands) requireReadable(path);
  const revision = given.text('revision');
  const signer = signerIn(given);
  return {
    paths: given.operands,
    entrypoints,
    ignore: given.texts('ignore'),
    ...(revision !== undefined && { revision }),
    ...(signer && { signer }),
  };
}

/** OPA would also take a form by which no server could ask for it. @throws {UsageError} */
function requireEntrypoint(entrypoint: string): void {
  if (decisionPath.test(entrypoint)) return;
  throw new UsageError(`--entrypoint must be a path such as envoy/authz/allow, not ${entrypoint}`);
}

function signerIn(given: Arguments): BuildRequest['signer'] {
  const key = signatureKeyIn(given, 'signing-key');
  if (key === undefined) return undefined;
  const scope = given.text('scope');
  return {
    key,
    algorithm: algorithmIn(given),
    keyId: given.text('key-id') ?? 'default',
    ...(scope !== undefined && { scope }),
  };
}
