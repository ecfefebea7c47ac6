import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig, type LoadedConfig } from '../config/load-config.ts';
import { loadOpaConfig } from '../config/opa/load-opa-config.ts';
import { formatProblem } from '../config/problem.ts';
import { configOption, type CommandOption } from './command.ts';
import type { Arguments } from './parse-arguments.ts';
import { UsageError } from './usage-error.ts';

/** A file that is read as a whole configuration. */
export interface ConfigFile {
  readonly path: string;
  load(): LoadedConfig;
}

const opaConfigOption: CommandOption = {
  name: 'opa-config',
  value: 'FILE',
  about: 'instead: the configuration of an OPA with opa-envoy-plugin',
};

/** What a command takes that is about one configuration; `about` says what it does with it. */
export function configOptions(about = configOption.about): readonly CommandOption[] {
  return [{ ...configOption, about }, opaConfigOption];
}

/** The file that the options name; undefined: none. @throws {UsageError} when they name two. */
export function givenConfig(given: Arguments, environment: Environment): ConfigFile | undefined {
  const config = given.text('config');
  const opaConfig = given.text('opa-config');
  if (opaConfig === undefined)
    return config === undefined ? undefined : sallyportYaml(config, environment);
  if (config !== undefined) throw new UsageError('--config and --opa-config exclude each other');
  return { path: opaConfig, load: () => loadOpaConfig(opaConfig, environment) };
}

export function sallyportYaml(path: string, environment: Environment): ConfigFile {
  return { path, load: () => loadConfig(path, environment) };
}

/** @throws {UsageError} with every problem of the configuration. */
export function requireConfig(file: ConfigFile): Config {
  const loaded = file.load();
  if ('config' in loaded) return loaded.config;
  const lines = loaded.problems.map(formatProblem).join('\n');
  throw new UsageError(`${file.path} is not valid\n${lines}`);
}
