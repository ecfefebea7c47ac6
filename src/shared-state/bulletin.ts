import { randomUUID } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { messageOf } from '../domain/fault-message.ts';
import type { JsonObject } from '../domain/json.ts';
import { formatNotices, type Notice, parseNotices } from './notice.ts';
import { every, type Repetition } from './every.ts';

/** Where the notices of all replicas are kept: one text, which is replaced as a whole. */
export interface Board {
  /** When false, looking fails at once. */
  isUp(): boolean;
  /**
   * Answers the text unless its version is `known`. Then it is replaced by `next`, if that is given.
   * The version is the first {@link versionLength} characters; no text has the version ''.
   * Rejects while the board cannot be reached; `next` may then be there or not.
   */
  look(known: string, next?: NextText): Promise<Seen>;
}

export interface NextText {
  readonly text: string;
  /** After this it is gone by itself. */
  readonly lifeMs: number;
}

export interface Seen {
  /** By the board's clock, which is the same for all. */
  readonly nowMs: number;
  /** Undefined: it was of the version that is known. */
  readonly text: string | undefined;
}

export interface BulletinOptions {
  readonly board: Board;
  readonly clock: Clock;
  readonly maxNotices: number;
  /** No notice holds for longer, whoever wrote it. */
  readonly maxLifeMs: number;
  /**
   * Something was put up, taken down, or has expired; or somebody said {@link Bulletin.announce}.
   * The time is the board's.
   */
  readonly onChange: (notices: readonly Notice[], nowMs: number) => void;
  /** The board answers, but not as it should. Called again at each poll while that lasts. */
  readonly onFault: (cause: string) => void;
}

/** Of a UUID. */
export const versionLength = 36;

/** So a change is seen by all within a second. */
const pollMs = 500;
/** Long enough for every replica to see that something changed, though nothing is left. */
const minLifeMs = 60_000;
/** How far the board's clock may go back between the posting of a notice and its reading. */
const clockSlackMs = 1000;
/** How often a change is tried again because others changed the board in between. */
const maxAttempts = 10;

/**
 * What is put up here holds for every replica, for a while: each looks twice a second. A notice
 * expires by itself, at the same moment everywhere; the board's clock says when, and while the
 * board cannot be reached, the time that passes here.
 */
export class Bulletin {
  readonly #options: BulletinOptions;
  #version = '';
  #notices: readonly Notice[] = [];
  /** The board's time less ours (monotonic), in milliseconds. */
  #aheadMs = 0;
  /** When the board was last asked what it then told (monotonic). */
  #askedAtMs = -Infinity;
  #polling: Repetition | undefined;
  #expiry: NodeJS.Timeout | undefined;

  constructor(options: BulletinOptions) {
    this.#options = options;
  }

  /** Those that hold, the oldest first. */
  get notices(): readonly Notice[] {
    return this.#notices;
  }

  /** The board's time, if it is known what was up there `withinMs` ago or later. */
  nowMs(withinMs: number): number | undefined {
    const isFresh = this.#options.clock.monotonicMs() - this.#askedAtMs <= withinMs;
    return isFresh ? this.#boardNowMs() : undefined;
  }

  start(): void {
    this.#polling = every(pollMs, () => this.#poll());
  }

  stop(): void {
    this.#polling?.stop();
    clearTimeout(this.#expiry);
  }

  /** Looks now rather than at the next poll: the board can be reached again. */
  lookNow(): void {
    this.#polling?.now();
  }

  /** Resolves when it is up. Rejects with a sentence. */
  async post(content: JsonObject, lifeMs: number): Promise<Notice> {
    const { maxNotices, maxLifeMs } = this.#options;
    if (!(lifeMs > 0 && lifeMs <= maxLifeMs)) {
      throw new RangeError(`nothing may hold for longer than ${maxLifeMs} ms`);
    }
    await this.#look();
    const postedAtMs = Math.floor(this.#boardNowMs());
    const id = randomUUID().slice(0, 8);
    const notice = { id, content, postedAtMs, expiresAtMs: postedAtMs + lifeMs };
    await this.#replace((notices) => {
      if (notices.length >= maxNotices) {
        throw new RangeError(`there are ${maxNotices} already; end one first`);
      }
      return [...notices, notice];
    });
    return notice;
  }

  /** Resolves with what was taken down, if it was there. */
  async withdraw(id: string): Promise<Notice | undefined> {
    await this.#look();
    const found = this.#notices.find((notice) => notice.id === id);
    if (found !== undefined) await this.#replace((all) => all.filter((each) => each.id !== id));
    return found;
  }

  /** Says something else in a notice, for as long as it holds anyway. Resolves with it, if it is there. */
  async amend(
    id: string,
    change: (content: JsonObject) => JsonObject,
  ): Promise<Notice | undefined> {
    await this.#look();
    const amended = (notice: Notice): Notice =>
      notice.id === id ? { ...notice, content: change(notice.content) } : notice;
    if (this.#notices.some((notice) => notice.id === id)) {
      await this.#replace((notices) => notices.map(amended));
    }
    return this.#notices.find((notice) => notice.id === id);
  }

  /** Lets every replica know that something changed, though no notice did. */
  async announce(): Promise<void> {
    await this.#replace((notices) => notices);
  }

  async #poll(): Promise<void> {
    const { board, onFault } = this.#options;
    if (!board.isUp()) return;
    try {
      await this.#look();
    } catch (error) {
      onFault(messageOf(error));
    }
  }

  async #look(): Promise<void> {
    const askedAtMs = this.#options.clock.monotonicMs();
    const { nowMs, text } = await this.#options.board.look(this.#version);
    if (text === undefined) this.#setTime(nowMs);
    else this.#adopt(text, nowMs);
    this.#askedAtMs = askedAtMs;
  }

  async #replace(change: (notices: readonly Notice[]) => readonly Notice[]): Promise<void> {
    for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
      const notices = change(this.#notices);
      const text = randomUUID() + formatNotices(notices);
      const ends = notices.map(({ expiresAtMs }) => expiresAtMs - this.#boardNowMs());
      const lifeMs = Math.ceil(Math.max(minLifeMs, ...ends));
      const seen = await this.#options.board.look(this.#version, { text, lifeMs });
      this.#adopt(seen.text ?? text, seen.nowMs);
      if (seen.text === undefined) return;
    }
    throw new Error('others change the same at once; try again');
  }

  /** @throws {Error} where the text is not one of ours; what was known holds on. */
  #adopt(text: string, nowMs: number): void {
    const all = parseNotices(text.slice(versionLength));
    const { maxNotices, maxLifeMs } = this.#options;
    if (all.length > maxNotices) {
      throw new Error(
        `what is kept there was not written by Sallyport: there are ${all.length} of at most ${maxNotices}`,
      );
    }
    this.#version = text.slice(0, versionLength);
    this.#setTime(nowMs);
    const latestMs = nowMs + clockSlackMs;
    const lastMs = latestMs + maxLifeMs;
    // A notice from the future would hold for longer than it says.
    const isSound = ({ postedAtMs, expiresAtMs }: Notice): boolean =>
      postedAtMs <= latestMs && expiresAtMs <= lastMs;
    this.#hold(all.filter(isSound));
  }

  #setTime(nowMs: number): void {
    this.#aheadMs = nowMs - this.#options.clock.monotonicMs();
  }

  #boardNowMs(): number {
    return this.#options.clock.monotonicMs() + this.#aheadMs;
  }

  /** Until the first of them expires. */
  #hold(notices: readonly Notice[]): void {
    const nowMs = this.#boardNowMs();
    this.#notices = notices.filter(({ expiresAtMs }) => expiresAtMs > nowMs);
    clearTimeout(this.#expiry);
    if (this.#notices.length > 0) {
      const firstMs = Math.min(...this.#notices.map(({ expiresAtMs }) => expiresAtMs));
      // A timer may fire a little early.
      const waitMs = Math.max(firstMs - nowMs, 0) + 1;
      this.#expiry = setTimeout(() => this.#hold(this.#notices), waitMs).unref();
    }
    this.#options.onChange(this.#notices, nowMs);
  }
}
