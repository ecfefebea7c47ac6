import type { Limiter } from '../../check/ports.ts';
import type { Config } from '../../config/config.ts';
import { loadLimits } from '../../config/limits/load-limits.ts';
import { Buckets, type BucketSurroundings } from '../../limits/buckets.ts';
import { LimitTable } from '../../limits/limit-table.ts';
import { createLimiter } from '../../limits/limiter.ts';
import { type Loaded, loadedFrom } from '../../config/loaded.ts';

export interface LoadedLimits {
  readonly limiter: Limiter;
  readonly table: LimitTable;
  readonly buckets: Buckets;
}

/** Without limits.yaml nothing is limited, and a policy that names a limit is refused. */
export async function loadLimiter(
  { limits: file }: Config,
  surroundings: BucketSurroundings,
): Promise<Loaded<LoadedLimits>> {
  const read = file === undefined ? { value: [] } : loadLimits(file);
  if ('problems' in read) return read;
  return loadedFrom(file ?? '', () => {
    const table = new LimitTable(read.value, surroundings.overrides);
    return {
      limiter: createLimiter(table, surroundings),
      table,
      buckets: new Buckets(table, surroundings),
    };
  });
}
