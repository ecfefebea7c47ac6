import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { loadConfig } from '../config/load-config.ts';
import { formatProblem } from '../config/problem.ts';
import { UsageError } from './usage-error.ts';

/** @throws {UsageError} with every problem of the configuration. */
export function requireConfig(path: string, environment: Environment): Config {
  const loaded = loadConfig(path, environment);
  if ('config' in loaded) return loaded.config;
  const lines = loaded.problems.map(formatProblem).join('\n');
  throw new UsageError(`${path} is not valid\n${lines}`);
}
