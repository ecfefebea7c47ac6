import { isDeepStrictEqual } from 'node:util';
import { restartPaths } from './config-schema.ts';
import type { Config } from './config.ts';

/** The parts in which the two differ and that are read at start only: `server`, `audit.file`. */
export function needsRestart(running: Config, wanted: Config): readonly string[] {
  return restartPaths.filter((path) => !isDeepStrictEqual(part(running, path), part(wanted, path)));
}

function part(config: Config, path: string): unknown {
  return path.split('.').reduce(member, config);
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;
}
