import type { Clock } from '../../domain/clock.ts';
import { type Grant, maxGrantMs, maxGrants } from '../../domain/grant.ts';
import type { JsonObject } from '../../domain/json.ts';
import { type GrantBook, type OpenGrant, openGrants } from '../../grants/grant-book.ts';
import { type Board, Bulletin } from '../../shared-state/bulletin.ts';
import type { Notice } from '../../shared-state/notice.ts';
import type { Logger } from '../../telemetry/log.ts';
import { changeLog } from '../change-log.ts';
import type { Journal } from '../journal.ts';
import { approvedContent, contentOf, describeGrant, noticedGrant } from './noticed-grant.ts';

export interface GrantSurroundings {
  readonly board: Board;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The board is looked at twice a second. Of what was seen longer ago than this, something may have
 * been revoked since, and nothing of it counts.
 */
const maxAgeMs = 1500;

/** What every replica writes down when it sees it. */
type SeenEvent = 'grant_requested' | 'grant_began' | 'grant_expired' | 'grant_ended';
/** What the replica that was asked writes down, with who asked. */
type AskedEvent = 'grant_added' | 'grant_approved' | 'grant_revoked';

const sentences: Readonly<Record<SeenEvent | AskedEvent, string>> = {
  grant_requested: 'a grant waits to be approved',
  grant_began: 'a grant counts',
  grant_expired: 'a grant has expired',
  grant_ended: 'a grant counts no longer, before its time',
  grant_added: 'a grant was added, as was asked',
  grant_approved: 'a grant was approved, as was asked',
  grant_revoked: 'a grant was revoked, as was asked',
};

const none: readonly OpenGrant[] = [];

/** The grants that there are, on all replicas; each of their beginnings and ends is written down. */
export class AccessGrants {
  readonly #bulletin: Bulletin;
  readonly #log: Logger;
  #journal: Journal | undefined;
  #known: readonly Grant[] = [];
  #open: ReadonlyMap<string, readonly OpenGrant[]> = new Map();

  /** What checks look into. */
  readonly book: GrantBook = {
    nowMs: () => this.#bulletin.nowMs(maxAgeMs),
    grantsOf: (principal) => this.#open.get(principal) ?? none,
  };

  constructor({ board, clock, log }: GrantSurroundings) {
    this.#log = log;
    this.#bulletin = new Bulletin({
      board,
      clock,
      maxNotices: maxGrants,
      maxLifeMs: maxGrantMs,
      onChange: (notices) => {
        this.#see(notices);
      },
      onFault: changeLog(log, 'grants are not read: none counts'),
    });
  }

  /** In the order in which they were given; undefined while that is not known for certain. */
  get current(): readonly Grant[] | undefined {
    return this.book.nowMs() === undefined ? undefined : this.#known;
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
    return notice && readBack(notice);
  }

  /** Writes down what somebody did by asking this replica. */
  noteAsked(
    event: AskedEvent,
    grant: Grant,
    asked: { readonly peer: string; readonly by: string },
  ) {
    this.#log.warn(sentences[event], { id: grant.id, ...asked });
    this.#journal?.note(event, { grant: describeGrant(grant), ...asked });
  }

  #see(notices: readonly Notice[]): void {
    const before = new Map(this.#known.map((grant) => [grant.id, grant]));
    this.#known = notices.flatMap((notice) => {
      const known = before.get(notice.id);
      const grant = known?.approvedBy === notice.content['approvedBy'] ? known : undefined;
      return grant ?? this.#begin(notice);
    });
    this.#open = openGrants(this.#known);
    const left = new Set(this.#known.map(({ id }) => id));
    for (const grant of before.values()) if (!left.has(grant.id)) this.#end(grant);
  }

  #begin(notice: Notice): readonly Grant[] {
    const grant = noticedGrant(notice);
    if (grant === undefined) {
      this.#log.error('a grant is not understood, and does not count', { id: notice.id });
      return [];
    }
    const isAwaiting = grant.needsApproval && grant.approvedBy === undefined;
    this.#note(isAwaiting ? 'grant_requested' : 'grant_began', grant);
    return [grant];
  }

  #end(grant: Grant): void {
    const nowMs = this.#bulletin.nowMs(Infinity) ?? grant.expiresAtMs;
    this.#note(nowMs < grant.expiresAtMs ? 'grant_ended' : 'grant_expired', grant);
  }

  #note(event: SeenEvent, grant: Grant): void {
    const details = describeGrant(grant);
    this.#log.warn(sentences[event], details);
    this.#journal?.note(event, { grant: details });
  }
}

function readBack(notice: Notice): Grant {
  const grant = noticedGrant(notice);
  if (grant !== undefined) return grant;
  throw new RangeError('it was written by another version of Sallyport');
}
