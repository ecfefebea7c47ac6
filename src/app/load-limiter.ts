import type { Limiter } from '../check/ports.ts';
import type { Config } from '../config/config.ts';
import { loadLimits } from '../config/load-limits.ts';
import { createLimiter, type LimiterSurroundings } from '../limits/limiter.ts';
import { type Loaded, loadedFrom } from './loaded.ts';

export interface LoadedLimits {
  readonly limiter: Limiter;
  readonly names: readonly string[];
}

/** Without limits.yaml nothing is limited, and a policy that names a limit is refused. */
export async function loadLimiter(
  { limits: file }: Config,
  surroundings: LimiterSurroundings,
): Promise<Loaded<LoadedLimits>> {
  const read = file === undefined ? { limits: [] } : loadLimits(file);
  if ('problems' in read) return read;
  return loadedFrom(file ?? '', () => ({
    limiter: createLimiter(read.limits, surroundings),
    names: read.limits.map(({ name }) => name),
  }));
}
