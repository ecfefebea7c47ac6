import type { OperationOutcome } from '../../admin/operation-outcome.ts';
import type { LimitOperations } from '../../admin/limit-operations.ts';
import { hintOfNearest } from '../../config/schema/nearest.ts';
import { type OverrideOrder, readOverrideOrder } from '../../config/limits/override-order.ts';
import type { Clock } from '../../domain/clock.ts';
import type { BucketAddress, BucketReport } from '../../domain/limits/limit-bucket.ts';
import type { CompiledLimit } from '../../limits/compiled-limit.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { LimitCounts } from './limit-counts.ts';
import type { LoadedLimits } from './load-limiter.ts';
import { describeOverride, type LimitOverrides } from './limit-overrides.ts';
import { done, refusedFor, withStore } from '../admin/operation-outcomes.ts';

/** For one command; Redis answers within milliseconds or not at all. */
const timeoutMs = 5000;

export interface LimitOperationsOptions {
  /** The ones that hold now. */
  readonly limits: () => LoadedLimits;
  readonly counts: LimitCounts;
  readonly overrides: LimitOverrides;
  readonly log: Logger;
  readonly clock: Clock;
}

/** What an operator can see of limits and do to them; each change is logged, with who asked for it. */
export function createLimitOperations(options: LimitOperationsOptions): LimitOperations {
  const { limits, counts, overrides, log, clock } = options;
  const deadline = (): number => clock.monotonicMs() + timeoutMs;
  return {
    show: (address) =>
      aboutLimit(limits(), address, async () =>
        done(await limits().buckets.show(address, deadline())),
      ),
    reset: (address, peer) =>
      aboutLimit(limits(), address, async () => {
        const report = await limits().buckets.reset(address, deadline());
        await overrides.announceReset();
        log.warn('limits were reset, as was asked', { peer, ...loggedReset(address, report) });
        return done(report);
      }),
    offenders: () => counts.surroundings.offenders.list(),
    overrides: () => overrides.current.map(describeOverride),
    addOverride: async (content, peer) => {
      const read = readOverrideOrder(content);
      if ('problems' in read) return refusedFor(read.problems);
      return aboutLimit(limits(), read.value, async () => {
        const fault = faultIn(read.value, limits().table.get(read.value.limit));
        if (fault !== undefined) return { outcome: 'refused', reason: fault };
        const override = describeOverride(await overrides.add(read.value, content));
        log.warn('an emergency override was set, as was asked', { peer, ...override });
        return done(override);
      });
    },
    removeOverride: (id, peer) =>
      withStore(async () => {
        if (!(await overrides.remove(id))) {
          return { outcome: 'unknown', reason: `There is no override ${JSON.stringify(id)}` };
        }
        log.warn('an emergency override was removed, as was asked', { peer, id });
        return done({ removed: id });
      }),
  };
}

/** Only of a limit that there is. */
function aboutLimit<T>(
  { table }: LoadedLimits,
  { limit }: { readonly limit?: string },
  work: () => Promise<OperationOutcome<T>>,
): Promise<OperationOutcome<T>> {
  if (limit === undefined || table.get(limit) !== undefined) return withStore(work);
  const reason = `There is no limit ${JSON.stringify(limit)}${hintOfNearest(limit, table.names())}`;
  return Promise.resolve({ outcome: 'unknown', reason });
}

/** What the schema of an order cannot know. */
function faultIn({ change }: OverrideOrder, limit: CompiledLimit | undefined): string | undefined {
  if (limit === undefined || change.kind !== 'rate') return undefined;
  const { calendar, cost } = limit;
  if (change.unit !== calendar?.unit) {
    return calendar === undefined
      ? 'quota: the limit counts by rate; give a rate'
      : `rate: the limit counts by the ${calendar.unit}; give a quota such as 1000/${calendar.unit}`;
  }
  return change.rate.burst < cost
    ? `burst: is less than what a request costs (${cost}), so no request would ever fit`
    : undefined;
}

function loggedReset(
  { counted }: BucketAddress,
  { buckets }: BucketReport,
): Readonly<Record<string, readonly string[]>> {
  return {
    limits: buckets.map(({ limit }) => limit),
    counted: Array.from(counted, ([name, value]) => `${name}=${(value ?? '(none)').slice(0, 256)}`),
  };
}
