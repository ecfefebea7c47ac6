import type { Clock } from '../../domain/clock.ts';
import {
  type Grant,
  grantStates,
  type GrantState,
  maxGrantMs,
  maxGrants,
} from '../../domain/access/grant.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { GrantBook } from '../../grants/grant-book.ts';
import { type Board, Bulletin } from '../../shared-state/bulletin.ts';
import type { Notice } from '../../shared-state/notice.ts';
import type { Logger } from '../../telemetry/log.ts';
import { changeLog } from '../logs/change-log.ts';
import type { Journal } from '../logs/journal.ts';
import type { GrantReport } from './grant-report.ts';
import { HeldGrants } from './held-grants.ts';
import { approvedContent, contentOf, noticedGrant } from './noticed-grant.ts';

export interface AccessGrantsOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The board is looked at twice a second. Of what was seen longer ago than this, something may have
 * been revoked since, and nothing of it counts.
 */
const maxAgeMs = 1500;

/** The grants that there are, on all replicas. */
export class AccessGrants {
  readonly #bulletin: Bulletin;
  /** As they were when the board was last seen. */
  readonly held: HeldGrants;

  /** What checks look into. */
  readonly book: GrantBook = {
    nowMs: () => this.#bulletin.nowMs(maxAgeMs),
    grantsOf: (principal) => this.held.grantsOf(principal),
  };

  constructor({ board, clock, log }: AccessGrantsOptions) {
    const held = new HeldGrants(log);
    const tellFault = changeLog(log, 'grants are not read: none counts');
    this.held = held;
    this.#bulletin = new Bulletin({
      board,
      clock,
      maxNotices: maxGrants,
      maxLifeMs: maxGrantMs,
      onChange: (notices, nowMs) => {
        held.see(notices, nowMs);
      },
      onFault: (cause) => {
        const matters = held.conditions.services !== undefined && this.book.nowMs() === undefined;
        if (matters) tellFault(cause);
      },
    });
  }

  /** In the order in which they were given; undefined while that is not known for certain. */
  report(): readonly GrantReport[] | undefined {
    return this.book.nowMs() === undefined
      ? undefined
      : this.held.all.map((grant) => this.held.report(grant));
  }

  /** How many there are in each state. `unknown`: they were there when Redis last answered. */
  count(): ReadonlyMap<GrantState | 'unknown', number> {
    const isKnown = this.book.nowMs() !== undefined;
    const counted = new Map<GrantState | 'unknown', number>([
      ...grantStates.map((state) => [state, 0] as const),
      ['unknown', 0],
    ]);
    for (const held of this.held.states) {
      const state = isKnown ? held : 'unknown';
      counted.set(state, (counted.get(state) ?? 0) + 1);
    }
    return counted;
  }

  start(journal: Journal): void {
    this.held.writeTo(journal);
    this.#bulletin.start();
  }

  stop(): void {
    this.#bulletin.stop();
  }

  lookNow(): void {
    this.#bulletin.lookNow();
  }

  /** `order` is as it was written. Rejects with a sentence. */
  async add(order: JsonObject, lifeMs: number, needsApproval: boolean): Promise<Grant> {
    const notice = await this.#bulletin.post(contentOf(order, needsApproval), lifeMs);
    return readBack(notice);
  }

  /** Resolves with what it is now, if it is there. Rejects with a sentence. */
  async approve(id: string, by: string): Promise<Grant | undefined> {
    const notice = await this.#bulletin.amend(id, (content) => approvedContent(content, by));
    return notice && readBack(notice);
  }

  /** Resolves with what it was, if it was there. */
  async revoke(id: string): Promise<Grant | undefined> {
    const notice = await this.#bulletin.withdraw(id);
    return notice && readBack(notice, 'It is gone, but what it was is not known here');
  }
}

function readBack(notice: Notice, result = 'It is not understood here, and does not count'): Grant {
  const grant = noticedGrant(notice);
  if (grant !== undefined) return grant;
  throw new RangeError(`${result}: another version of Sallyport, or somebody else, wrote it`);
}
