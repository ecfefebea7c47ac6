import { importIstio } from '../../access/istio/import-istio.ts';
import { readManifestFile, writeYaml } from '../../config/yaml/manifests.ts';
import { isTrustDomain } from '../../domain/identity/spiffe-id.ts';
import { printable } from '../../domain/printable.ts';
import { jsonOption, type Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { parseArguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';

export const importIstioCommand: Command = {
  name: 'import istio',
  summary: 'AuthorizationPolicies as an access document, and what it could not carry',
  options: [
    {
      name: 'trust-domain',
      value: 'NAME',
      multiple: true,
      about: 'each of the mesh, its own first; cluster.local',
    },
    { name: 'root-namespace', value: 'NAME', about: 'whose policies are for all; istio-system' },
    jsonOption,
  ],
  operands: 'FILE…',
  run: runImport,
};

/** The document to stdout, the notes to stderr. */
function runImport(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(importIstioCommand, args);
  if (given.operands.length === 0) {
    throw new UsageError('which policies? Give their YAML, and that of the Deployments beside it');
  }
  const named = given.texts('trust-domain');
  const bad = named.find((name) => !isTrustDomain(name));
  if (bad !== undefined) throw new UsageError(`--trust-domain ${bad} is no trust domain`);
  for (const path of given.operands) requireReadable(path);
  const { services, notes } = importIstio(given.operands.flatMap(readManifestFile), {
    trustDomains: named.length === 0 ? ['cluster.local'] : named,
    rootNamespace: given.text('root-namespace') ?? 'istio-system',
  });
  if (given.flag('json')) {
    context.stdout.write(`${JSON.stringify({ version: 1, services, notes })}\n`);
  } else {
    context.stderr.write(notes.map((note) => `note: ${printable(note)}\n`).join(''));
    if (services.length === 0) context.stderr.write('no service came of it: nothing is written\n');
    else context.stdout.write(writeYaml({ version: 1, services }));
  }
  return Promise.resolve(services.length > 0 ? 0 : 1);
}
