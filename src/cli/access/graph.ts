import {
  callGraphOf,
  type CallEdge,
  type CallGraph,
  chainsBetween,
  narrowed,
} from '../../access/graph/call-graph.ts';
import { toSvg } from '../../access/graph/svg.ts';
import { callsOf, toDot, toMermaid } from '../../access/graph/text-formats.ts';
import { loadAccess } from '../../config/access/load-access.ts';
import { nearest } from '../../config/schema/nearest.ts';
import { formatProblem } from '../../config/problem.ts';
import { printable } from '../../domain/printable.ts';
import type { Command } from '../command.ts';
import type { CliContext, ExitStatus } from '../context.ts';
import { configOptions, givenConfig, requireConfig } from '../given-config.ts';
import { type Arguments, parseArguments } from '../parse-arguments.ts';
import { requireReadable } from '../require-readable.ts';
import { UsageError } from '../usage-error.ts';

const formats: Readonly<Record<string, (graph: CallGraph) => string>> = {
  svg: toSvg,
  dot: toDot,
  mermaid: toMermaid,
  json: (graph) => `${JSON.stringify(graph)}\n`,
};

export const graph: Command = {
  name: 'graph',
  summary: 'who may call whom with what, by the access document',
  options: [
    ...configOptions('the access document of this sallyport.yaml'),
    { name: 'format', value: 'FORMAT', about: `${Object.keys(formats).join(', ')}; mermaid` },
    { name: 'from', value: 'NAME', about: 'only what this service or principal may call' },
    { name: 'to', value: 'NAME', about: 'only who may call this service' },
    { name: 'paths', about: 'each way from --from to --to, over services that call on' },
  ],
  operands: '[ACCESS.YAML]',
  run: runGraph,
};

/** The answer is no when nobody may. */
function runGraph(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(graph, args);
  const whole = readGraph(given, context);
  const [from, to] = [given.text('from'), given.text('to')];
  requireKnown(whole, from, to);
  if (given.flag('paths')) return Promise.resolve(showChains(whole, from, to, given, context));
  const name = given.text('format') ?? 'mermaid';
  const format = Object.hasOwn(formats, name) ? formats[name] : undefined;
  if (format === undefined) {
    throw new UsageError(`--format ${name} is none of ${Object.keys(formats).join(', ')}`);
  }
  const part = from === undefined && to === undefined ? whole : narrowed(whole, { from, to });
  context.stdout.write(format(part));
  return Promise.resolve(part.edges.length > 0 ? 0 : 1);
}

function readGraph(given: Arguments, { environment }: CliContext): CallGraph {
  const path = given.operands[0] ?? accessOf(given, environment);
  requireReadable(path);
  const loaded = loadAccess(path);
  if ('value' in loaded) return callGraphOf(loaded.value);
  throw new UsageError(`${path} is not valid\n${loaded.problems.map(formatProblem).join('\n')}`);
}

function accessOf(given: Arguments, environment: CliContext['environment']): string {
  const file = givenConfig(given, environment);
  const path = file && requireConfig(file).access;
  if (path !== undefined) return path;
  throw new UsageError(
    'which access document? Give its file, or with -c a configuration that has one',
  );
}

/** @throws {UsageError} for a name that nobody has, which would seem to be allowed nothing. */
function requireKnown(
  { nodes }: CallGraph,
  from: string | undefined,
  to: string | undefined,
): void {
  const names = nodes.map(({ name }) => name);
  const services = nodes.filter(({ kind }) => kind === 'service').map(({ name }) => name);
  if (to !== undefined && !services.includes(to)) throw unknown('--to', to, services);
  // A principal may be one of those that a pattern names.
  const isPrincipal = from?.includes('/') === true || from?.includes('@') === true;
  if (from !== undefined && !isPrincipal && !names.includes(from))
    throw unknown('--from', from, names);
}

function unknown(option: string, name: string, known: readonly string[]): UsageError {
  const close = nearest(name, known);
  return new UsageError(
    `${option} ${name} is not in the document; ${close === undefined ? `there are ${known.join(', ')}` : `did you mean ${close}?`}`,
  );
}

function showChains(
  whole: CallGraph,
  from: string | undefined,
  to: string | undefined,
  given: Arguments,
  { stdout }: CliContext,
): ExitStatus {
  if (from === undefined || to === undefined) throw new UsageError('--paths needs --from and --to');
  const chains = chainsBetween(whole, from, to);
  const text =
    given.text('format') === 'json'
      ? `${JSON.stringify(chains)}\n`
      : chains.map((chain) => `${printable(chainText(from, chain))}\n`).join('');
  stdout.write(
    text === '' ? `there is no way from ${printable(from)} to ${printable(to)}\n` : text,
  );
  return chains.length > 0 ? 0 : 1;
}

function chainText(from: string, chain: readonly CallEdge[]): string {
  return chain.reduce((text, edge) => `${text} → ${edge.to} (${callsOf(edge).join('; ')})`, from);
}
