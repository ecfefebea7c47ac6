import type { Config } from '../config/config.ts';
import type { Problem } from '../config/problem.ts';
import { systemClock } from '../domain/clock.ts';
import { GateKeeper } from './gate-keeper.ts';
import { countInMemory } from './limit-counts.ts';
import { problemsOf } from './loaded.ts';

/** What only loading shows: would a server serve the files that this configuration names. */
export async function inspectConfiguration(config: Config): Promise<readonly Problem[]> {
  return problemsOf(await GateKeeper.open(config, countInMemory(systemClock).surroundings));
}
