import { createReadStream } from 'node:fs';
import { type Line, linesOf } from '../../audit/decision-log/lines.ts';
import { readRecord, type RecordedDecision } from '../../audit/decision-log/recorded-decision.ts';
import { loadLimits } from '../../config/limits/load-limits.ts';
import { Denial } from '../../domain/decision/decision.ts';
import type { LimitDefinition } from '../../domain/limits/limit.ts';
import { pathAmbiguities } from '../../domain/request/path.ts';
import { createRequestReader } from '../../envoy/request-view.ts';
import {
  LimitSimulation,
  type PastRequest,
  type SimulatedLimit,
  type SimulatedTotals,
} from '../../limits/simulation.ts';
import { type Loaded, loadedFrom, problemsOf } from '../../config/loaded.ts';

export interface SimulationReport extends SimulatedTotals {
  readonly firstMs?: number;
  readonly lastMs?: number;
  /** Refused before they came to their limits. */
  readonly refusedBefore: number;
  readonly badLines: number;
  /** The first of them. */
  readonly faults: readonly { readonly line: number; readonly fault: string }[];
  readonly limits: readonly SimulatedLimit[];
}

/** A record has a million characters at most, of several bytes each. */
const maxLineBytes = 4 * 1024 * 1024;
const maxFaultsTold = 10;

/** What limits would have done to the requests of a decision log. Rejects when it cannot be read. */
export async function simulateLimits(
  limitsFile: string,
  log: string,
): Promise<Loaded<SimulationReport>> {
  const read = loadLimits(limitsFile);
  if ('problems' in read) return read;
  const simulation = await loadedFrom(limitsFile, () => new LimitSimulation(read.value));
  if ('problems' in simulation) return { problems: problemsOf(simulation) };
  const replay = new LogReplay(simulation.value, read.value);
  for await (const line of linesOf(createReadStream(log), maxLineBytes)) replay.take(line);
  return { value: replay.report() };
}

const requests = createRequestReader({ relaxedPaths: pathAmbiguities });
/** Refused by their limits, or admitted by them. */
const reasonsOfLimits = new Set(['allowed', 'rate_limited', 'limits_unavailable']);

class LogReplay {
  readonly #simulation: LimitSimulation;
  /** Limits that apply only where something names them. */
  readonly #namedOnly: ReadonlySet<string>;
  readonly #faults: { readonly line: number; readonly fault: string }[] = [];
  #badLines = 0;
  #refusedBefore = 0;
  #firstMs: number | undefined;
  #lastMs: number | undefined;

  constructor(simulation: LimitSimulation, definitions: readonly LimitDefinition[]) {
    this.#simulation = simulation;
    const withoutMatch = definitions.filter(({ match }) => match === undefined);
    this.#namedOnly = new Set(withoutMatch.map(({ name }) => name));
  }

  take({ number, text }: Line): void {
    const reading =
      text === undefined
        ? ({ kind: 'fault', fault: 'is longer than any record' } as const)
        : readRecord(text);
    if (reading.kind === 'event') return;
    if (reading.kind === 'fault') this.#refuse(number, reading.fault);
    else this.#replay(number, reading.decision);
  }

  report(): SimulationReport {
    return {
      ...this.#simulation.totals,
      ...(this.#firstMs !== undefined && { firstMs: this.#firstMs }),
      ...(this.#lastMs !== undefined && { lastMs: this.#lastMs }),
      refusedBefore: this.#refusedBefore,
      badLines: this.#badLines,
      faults: this.#faults,
      limits: this.#simulation.limits(),
    };
  }

  #refuse(line: number, fault: string): void {
    this.#badLines += 1;
    if (this.#faults.length < maxFaultsTold) this.#faults.push({ line, fault });
  }

  #replay(line: number, decision: RecordedDecision): void {
    if (!reasonsOfLimits.has(decision.reason)) {
      this.#refusedBefore += 1;
      return;
    }
    const request = requests.read(decision.attributes);
    if (request instanceof Denial) return this.#refuse(line, request.detail);
    const { atMs, caller, rule, limits, reason } = decision;
    this.#firstMs ??= atMs;
    this.#lastMs = atMs;
    const refusing = limits.filter(({ refused }) => refused).map(({ name }) => name);
    const past: PastRequest = {
      atMs,
      question: { request, caller, rule, named: this.#namedIn(decision) },
      wasRefused: reason !== 'allowed',
      refusedBy: new Set(refusing),
    };
    this.#simulation.add(past);
  }

  /** The policy's result says which it named; a rule's limits show only in that they were asked. */
  #namedIn({ named, limits }: RecordedDecision): RecordedDecision['named'] {
    const known = new Set(named.map(({ name }) => name));
    const others = limits.filter(({ name }) => this.#namedOnly.has(name) && !known.has(name));
    return [...named, ...others.map(({ name }) => ({ name }))];
  }
}
