import { formatAddress, type ListenAddress } from '../domain/listen-address.ts';
import type { ConfigSource } from '../app/reloader.ts';
import { formatProblem, type Problem } from '../config/problem.ts';
import { FileWatcher } from '../config/watch-files.ts';
import { table, type Command } from './command.ts';
import type { CliContext, ExitStatus } from './context.ts';
import { type ConfigFile, configOptions, givenConfig, sallyportYaml } from './given-config.ts';
import { parseArguments } from './parse-arguments.ts';
import { defaultServer } from './check/options.ts';

export const serve: Command = {
  name: 'serve',
  summary: 'the server; without a configuration it serves the shipped example',
  options: configOptions(),
  run: runServer,
};

async function runServer(args: readonly string[], context: CliContext): Promise<ExitStatus> {
  const given = parseArguments(serve, args);
  const { environment, defaultConfig } = context;
  const file = givenConfig(given, environment);
  const source = await watchedSource(file ?? sallyportYaml(defaultConfig, environment));
  const loaded = source.load();
  if ('problems' in loaded) {
    writeAll(loaded.problems, context);
    context.stderr.write(
      `sallyport: cannot start; ${count(loaded.problems.length)} to put right\n`,
    );
    return 2;
  }
  writeAll(loaded.warnings ?? [], context);
  const app = await context.createApp(loaded.config, source);
  const signal = firstSignal(context);
  const { address, adminAddress } = await app.start();
  context.stderr.write(banner(address, adminAddress, source.path, context));
  if (file === undefined) context.stderr.write(commandsToTry(address, context));
  await signal;
  context.stderr.write('sallyport: draining; a second signal stops at once\n');
  await app.stop();
  return 0;
}

async function watchedSource(file: ConfigFile): Promise<ConfigSource> {
  const files = new FileWatcher();
  await files.look([file.path]);
  return { ...file, files };
}

function writeAll(problems: readonly Problem[], { stderr }: CliContext): void {
  for (const problem of problems) stderr.write(`${formatProblem(problem)}\n`);
}

function count(problems: number): string {
  return problems === 1 ? '1 problem' : `${problems} problems`;
}

/** Whoever signals again does not want to wait: the second ends the process. */
function firstSignal({ signals, abort }: CliContext): Promise<void> {
  return new Promise((resolve) => {
    let signalled = false;
    const onSignal = (): void => {
      if (signalled) abort();
      signalled = true;
      resolve();
    };
    signals.on('SIGTERM', onSignal);
    signals.on('SIGINT', onSignal);
  });
}

function banner(
  address: ListenAddress,
  admin: ListenAddress,
  path: string,
  context: CliContext,
): string {
  const pages = admin.kind === 'tcp' ? `http://${formatAddress(admin)}` : formatAddress(admin);
  return `sallyport ${context.version} answers Envoy's ext_authz checks

${table([
  ['checks', `${formatAddress(address)} (gRPC)`],
  ['pages', `${pages} (/metrics /healthz /readyz)`],
  ['config', path],
])}
`;
}

/** The shipped example's, one for each kind of answer. */
function commandsToTry(address: ListenAddress, { program }: CliContext): string {
  const at = formatAddress(address);
  const server = at === defaultServer ? '' : ` --server ${at}`;
  const ask = `${program} check${server} --principal spiffe://shop.example/ns/shop/sa/web`;
  return `
Try it in another terminal:

  allow    ${ask} --method GET --path /orders
  deny     ${ask} --method POST --path /invoices
  429      ${ask} --method GET --path /orders/7 --repeat 9

`;
}
