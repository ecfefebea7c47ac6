import { withoutPlace } from '../../config/problem.ts';
import { type OverrideOrder, readOverrideOrder } from '../../config/limits/override-order.ts';
import type { Clock } from '../../domain/clock.ts';
import type { JsonObject } from '../../domain/json.ts';
import {
  type EmergencyOverride,
  maxOverrideMs,
  maxOverrides,
} from '../../domain/limits/limit-override.ts';
import { type Board, Bulletin } from '../../shared-state/bulletin.ts';
import type { Notice } from '../../shared-state/notice.ts';
import type { Logger } from '../../telemetry/log.ts';
import { changeLog } from '../logs/change-log.ts';
import type { Journal } from '../logs/journal.ts';

export interface LimitOverridesOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly log: Logger;
  /** Something was set, removed, has expired, or buckets were emptied. */
  readonly onChange: () => void;
}

/** The emergency overrides that hold, on all replicas; each of their beginnings and ends is written down. */
export class LimitOverrides {
  readonly #bulletin: Bulletin;
  readonly #log: Logger;
  readonly #onChange: () => void;
  #journal: Journal | undefined;
  #current: readonly EmergencyOverride[] = [];

  constructor({ board, clock, log, onChange }: LimitOverridesOptions) {
    this.#log = log;
    this.#onChange = onChange;
    this.#bulletin = new Bulletin({
      board,
      clock,
      maxNotices: maxOverrides,
      maxLifeMs: maxOverrideMs,
      onChange: (notices) => {
        this.#see(notices);
      },
      onFault: changeLog(log, 'emergency overrides are not read: those that are known hold on'),
    });
  }

  /** In the order in which they were set; another list whenever they change. */
  get current(): readonly EmergencyOverride[] {
    return this.#current;
  }

  start(journal: Journal): void {
    this.#journal = journal;
    this.#bulletin.start();
  }

  stop(): void {
    this.#bulletin.stop();
  }

  lookNow(): void {
    this.#bulletin.lookNow();
  }

  /** `content` is the order as it was written. Rejects with a sentence. */
  async add(order: OverrideOrder, content: JsonObject): Promise<EmergencyOverride> {
    return overrideOf(order, await this.#bulletin.post(content, order.lifeMs));
  }

  /** Resolves with whether it was there. */
  async remove(id: string): Promise<boolean> {
    return (await this.#bulletin.withdraw(id)) !== undefined;
  }

  /** Lets every replica ask Redis again for what it thinks it knows. */
  announceReset(): Promise<void> {
    return this.#bulletin.announce();
  }

  #see(notices: readonly Notice[]): void {
    const known = new Map(this.#current.map((override) => [override.id, override]));
    const held = notices.flatMap((notice) => known.get(notice.id) ?? this.#begin(notice));
    const ids = new Set(held.map(({ id }) => id));
    for (const override of this.#current) if (!ids.has(override.id)) this.#end(override);
    this.#current = held;
    this.#onChange();
  }

  /** What an operator of another version has set may not be understood here. */
  #begin(notice: Notice): readonly EmergencyOverride[] {
    const read = readOverrideOrder(notice.content);
    if ('problems' in read) {
      const problems = read.problems.map(withoutPlace);
      this.#log.error('an emergency override is not understood, and does not hold here', {
        id: notice.id,
        problems,
      });
      return [];
    }
    const override = overrideOf(read.value, notice);
    this.#note('limit_override_began', 'an emergency override holds', override);
    return [override];
  }

  #end(override: EmergencyOverride): void {
    this.#note('limit_override_ended', 'an emergency override holds no longer', override);
  }

  #note(event: string, sentence: string, override: EmergencyOverride): void {
    const details = describeOverride(override);
    this.#log.warn(sentence, details);
    this.#journal?.note(event, { override: details });
  }
}

function overrideOf(
  { lifeMs: _lifeMs, ...order }: OverrideOrder,
  { id, postedAtMs, expiresAtMs }: Notice,
): EmergencyOverride {
  return { id, ...order, postedAtMs, expiresAtMs };
}

/** For logs, records and programs. */
export function describeOverride(
  override: EmergencyOverride,
): Readonly<Record<string, string | number>> {
  const { id, limit, caller, change, reason, by, postedAtMs, expiresAtMs } = override;
  const { kind } = change;
  return {
    id,
    limit,
    ...(caller !== undefined && { caller }),
    ...(kind === 'rate' ? { ...change.rate } : { mode: kind }),
    reason,
    by,
    postedAt: new Date(postedAtMs).toISOString(),
    expiresAt: new Date(expiresAtMs).toISOString(),
  };
}
