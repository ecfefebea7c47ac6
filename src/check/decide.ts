import type { Clock } from '../domain/clock.ts';
import { type Decision, Denial } from '../domain/decision/decision.ts';
import type { LimitsVerdict } from '../domain/limits/limit.ts';
import type { Check, StageName } from './check.ts';
import { beforeDeadline } from './deadline.ts';
import type { CallerResolver, Limiter, PolicyEngine, RequestReader } from './ports.ts';

/** Everything a check is decided with. Swapped whole: a check sees one gate from start to end. */
export interface Gate {
  readonly requests: RequestReader;
  readonly callers: CallerResolver;
  readonly policy: PolicyEngine;
  readonly limiter: Limiter;
}

/**
 * Decides one check: the stages in order, each a value or a denial. Only the last line allows, and
 * it is reached only after an explicit yes from the policy and from the limits.
 */
export async function decide(gate: Gate, check: Check, clock: Clock): Promise<Decision> {
  const { attributes } = check;
  if (attributes === undefined) {
    return new Denial('bad_request', 'the CheckRequest is not a valid protobuf message');
  }

  const request = await timed('request', check, clock, () => gate.requests.read(attributes));
  if (request instanceof Denial) return request;
  check.request = request;

  const caller = await timed('caller', check, clock, () =>
    gate.callers.resolve(request, check.deadlineMs),
  );
  if (caller instanceof Denial) return caller;
  check.caller = caller;

  const verdict = await timed('policy', check, clock, () =>
    gate.policy.evaluate({ request, caller }, check.deadlineMs),
  );
  if (verdict instanceof Denial) return verdict;
  check.verdict = verdict;
  const { decision, rule, limits: named } = verdict;
  if (decision.outcome !== 'allow') return decision;

  const late = outOfTime(check, clock);
  if (late !== undefined) return late;

  const limits = await timed('limits', check, clock, () =>
    gate.limiter.take({ request, caller, rule, named }, check.deadlineMs),
  );
  if (limits instanceof Denial) return limits;
  check.limits = limits;
  return refusalOf(limits) ?? outOfTime(check, clock) ?? decision;
}

/** Runs a stage, and notes how long it took. What has to wait is a denial at the deadline. */
function timed<T>(
  stage: StageName,
  check: Check,
  clock: Clock,
  run: () => T | Promise<T>,
): T | Promise<T | Denial> {
  const startedMs = clock.monotonicMs();
  const result = run();
  if (result instanceof Promise) return inTime(result, stage, startedMs, check, clock);
  check.stageMs[stage] = clock.monotonicMs() - startedMs;
  return result;
}

async function inTime<T>(
  answer: Promise<T>,
  stage: StageName,
  startedMs: number,
  check: Check,
  clock: Clock,
): Promise<T | Denial> {
  const result = await beforeDeadline(answer, check.deadlineMs - clock.monotonicMs());
  check.stageMs[stage] = clock.monotonicMs() - startedMs;
  if (result !== 'late') return result;
  return outOfTime(check, clock) ?? tooLate(`the ${stage} had not answered`);
}

function refusalOf(verdict: LimitsVerdict): Denial | undefined {
  switch (verdict.outcome) {
    case 'within':
      return undefined;
    case 'over':
      return new Denial('rate_limited', `over ${namesOf(verdict, 'over')}`);
    case 'unavailable':
      return new Denial('limits_unavailable', verdict.detail ?? 'the limits did not answer');
    default:
      // Not reachable by the types; a store that breaks its contract must not admit.
      return new Denial(
        'internal',
        `unknown limits outcome ${String(verdict.outcome satisfies never)}`,
      );
  }
}

function namesOf(verdict: LimitsVerdict, result: string): string {
  return verdict.states
    .filter((state) => state.mode === 'enforce' && state.result === result)
    .map((state) => state.name)
    .join(', ');
}

function outOfTime(check: Check, clock: Clock): Denial | undefined {
  if (check.cancelled) return tooLate('the check was cancelled');
  if (clock.monotonicMs() < check.deadlineMs) return undefined;
  return tooLate('the time for this check ran out');
}

function tooLate(detail: string): Denial {
  return new Denial('deadline_exceeded', detail);
}
