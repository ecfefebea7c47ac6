import { dirname, resolve } from 'node:path';
import { configSchema } from './config-schema.ts';
import type { Config } from './config.ts';
import { deepFreeze } from './deep-freeze.ts';
import { overlayEnvironment, type Environment } from './environment.ts';
import { interpolate } from './interpolate.ts';
import { inOrder, type Problem } from './problem.ts';
import { readYaml } from './yaml/read-yaml.ts';
import { soundParts, type SoundParts } from './schema/sound-parts.ts';
import { unavailableKeys } from './unavailable-keys.ts';

export type LoadedConfig =
  | {
      readonly config: Config;
      /** What is left out, and changes no decision. */
      readonly warnings?: readonly Problem[];
    }
  | {
      readonly problems: readonly Problem[];
      /** What can be judged further all the same. */
      readonly sound?: SoundParts;
    };

/**
 * Reads sallyport.yaml, with `${…}` filled in and `SALLYPORT_…` variables over it. Every problem
 * is found in one go. Relative paths are relative to the file. Never throws.
 */
export function loadConfig(path: string, environment: Environment): LoadedConfig {
  const problems: Problem[] = [];
  const directory = dirname(resolve(path));
  const sources = { environment, directory };
  const written = readYaml(path, problems, {
    fill: (scalar, key) => interpolate(scalar, key, sources, problems),
  });
  const root = overlayEnvironment(written, configSchema, environment, problems);
  const reading = { problems, directory, unavailable: unavailableKeys };
  const config = configSchema.read(root, '', reading);
  return config === undefined || problems.length > 0
    ? { problems: inOrder(problems), sound: soundParts(root, reading) }
    : { config: deepFreeze(config) };
}
