import { isDeepStrictEqual } from 'node:util';
import type { CompletedCheck } from '../../check/check.ts';
import type { CheckObserver } from '../../check/ports.ts';
import {
  type Grant,
  type GrantState,
  type GrantTerms,
  stateUnder,
} from '../../domain/access/grant.ts';
import { type CompiledGrant, compileGrants } from '../../grants/grant-book.ts';
import type { Notice } from '../../shared-state/notice.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Journal } from '../logs/journal.ts';
import { type AskedEvent, eventOfChange, grantSentences, type SeenEvent } from './grant-events.ts';
import { describeGrant, describeReport, type GrantReport } from './grant-report.ts';
import { noticedGrant } from './noticed-grant.ts';

/** By what a grant counts on this replica. */
export interface GrantConditions {
  readonly terms: GrantTerms;
  /** Of the access document; undefined where there is none, so that no grant is asked for. */
  readonly services: readonly string[] | undefined;
}

interface HeldGrant {
  readonly grant: Grant;
  readonly notice: Notice;
  readonly state: GrantState;
}

const none: readonly CompiledGrant[] = [];
const nothingCounts: GrantConditions = {
  terms: { approval: 'required', maxDurationMs: 0 },
  services: undefined,
};

/**
 * The grants that this replica has seen. It is written down when one begins to count here, and when
 * it ends to. As an observer of checks it counts how often each is used.
 */
export class HeldGrants implements CheckObserver {
  readonly #log: Logger;
  #journal: Journal | undefined;
  #conditions = nothingCounts;
  #held: ReadonlyMap<string, HeldGrant> = new Map();
  #compiled: ReadonlyMap<string, readonly CompiledGrant[]> = new Map();
  readonly #uses = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  get conditions(): GrantConditions {
    return this.#conditions;
  }

  /** In the order in which they were given. */
  get all(): readonly Grant[] {
    return Array.from(this.#held.values(), ({ grant }) => grant);
  }

  get states(): readonly GrantState[] {
    return Array.from(this.#held.values(), ({ state }) => state);
  }

  /** Ready to be asked; also those that do not count. */
  grantsOf(principal: string): readonly CompiledGrant[] {
    return this.#compiled.get(principal) ?? none;
  }

  writeTo(journal: Journal): void {
    this.#journal = journal;
  }

  /** What holds from now on. Checks have it from their policy, which a reload swaps. */
  apply(conditions: GrantConditions): void {
    this.#conditions = conditions;
    this.#hold([...this.#held.values()]);
  }

  see(notices: readonly Notice[], nowMs: number): void {
    const before = this.#held;
    this.#hold(notices.flatMap((notice) => this.#read(notice)));
    for (const [id, gone] of before) if (!this.#held.has(id)) this.#end(gone, nowMs);
  }

  observe({ check, decision }: CompletedCheck): void {
    const id = check.verdict?.access?.grant;
    if (id === undefined || decision.outcome !== 'allow' || !this.#held.has(id)) return;
    this.#uses.set(id, (this.#uses.get(id) ?? 0) + 1);
  }

  report(grant: Grant): GrantReport {
    return { grant, state: this.#stateOf(grant), uses: this.#uses.get(grant.id) ?? 0 };
  }

  /** Writes down what somebody did by asking this replica. */
  noteAsked(
    event: AskedEvent,
    grant: Grant,
    asked: { readonly peer: string; readonly by: string },
  ): void {
    this.#log.warn(grantSentences[event], { id: grant.id, ...asked });
    this.#journal?.note(event, { grant: describeGrant(grant), ...asked });
  }

  #stateOf(grant: Grant): GrantState {
    const { terms, services } = this.#conditions;
    return services?.includes(grant.to) === true ? stateUnder(terms, grant) : 'no_service';
  }

  #read(notice: Notice): readonly Omit<HeldGrant, 'state'>[] {
    const held = this.#held.get(notice.id);
    // An order is read as a file is: a hundred of them would take a while at each change.
    if (held !== undefined && isDeepStrictEqual(held.notice, notice)) return [held];
    const grant = noticedGrant(notice);
    if (grant !== undefined) return [{ grant, notice }];
    this.#log.error('a grant is not understood, and does not count', { id: notice.id });
    return [];
  }

  #hold(read: readonly Omit<HeldGrant, 'state'>[]): void {
    const before = this.#held;
    this.#held = new Map(
      read.map(({ grant, notice }) => {
        return [grant.id, { grant, notice, state: this.#stateOf(grant) }];
      }),
    );
    this.#compiled = compileGrants(this.all);
    for (const { grant, notice, state } of this.#held.values()) {
      const known = before.get(grant.id);
      const event = eventOfChange(known?.notice === notice ? known.state : undefined, state);
      if (event !== undefined) this.#note(event, grant);
    }
  }

  #end({ grant, state }: HeldGrant, nowMs: number): void {
    if (state !== 'no_service') {
      this.#note(nowMs < grant.expiresAtMs ? 'grant_ended' : 'grant_expired', grant);
    }
    this.#uses.delete(grant.id);
  }

  #note(event: SeenEvent, grant: Grant): void {
    const details = describeReport(this.report(grant));
    this.#log.warn(grantSentences[event], details);
    this.#journal?.note(event, { grant: details });
  }
}
