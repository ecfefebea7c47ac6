import type { Registry } from 'prom-client';
import { type Check, type CompletedCheck, stageNames } from '../check/check.ts';
import type { CheckObserver } from '../check/ports.ts';
import { denialReasons, type DenialReason, type ReasonCode } from '../domain/decision/reason.ts';
import { createCounterFamily, type Tally } from './counter.ts';
import { createHistogramFamily } from './histogram.ts';
import { metrics } from './metrics.ts';

const maxDenialLabelSets = 200;

/** Anything else is `other`: a caller must not be able to fill the bound with invented methods. */
const knownMethods = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
]);

/** Counts every decided check. All children are made beforehand, or at the first sight of a limit. */
export function createCheckObserver(registry: Registry): CheckObserver {
  const checks = createCheckTallies(registry);
  const durations = createHistogramFamily(metrics.checkDuration, registry, ['allow', 'deny']);
  const stages = createHistogramFamily(metrics.stageDuration, registry, stageNames);
  const limitDecisions = createCounterFamily(metrics.limitDecisions, registry);
  const limitsNear = createCounterFamily(metrics.limitsNear, registry);
  const limitsDegraded = createCounterFamily(metrics.limitsDegraded, registry);
  const grantUses = createCounterFamily(metrics.grantUses, registry);
  const countDenial = createDenialCounter(registry);

  return {
    observe({ check, decision, durationMs }: CompletedCheck): void {
      checks.get(decision.reason)?.add();
      durations.get(decision.outcome)?.observe(durationMs / 1000);
      for (const [stage, histogram] of stages) {
        const stageMs = check.stageMs[stage];
        if (stageMs !== undefined) histogram.observe(stageMs / 1000);
      }
      if (check.limits !== undefined) {
        for (const { name, mode, result, degraded, isNear } of check.limits.states) {
          limitDecisions.tally(name, mode, result).add();
          if (isNear === true) limitsNear.tally(name).add();
          if (degraded !== undefined) limitsDegraded.tally(name, degraded).add();
        }
      }
      if (decision.outcome === 'deny') return countDenial(check, decision.reason);
      const { service, grant } = check.verdict?.access ?? {};
      if (grant !== undefined) grantUses.tally(service ?? 'none').add();
    },
  };
}

/** Every reason is there from the start, at 0: a rate over a series that appears is wrong. */
function createCheckTallies(registry: Registry): ReadonlyMap<ReasonCode, Tally> {
  const family = createCounterFamily(metrics.checks, registry);
  const tallies = new Map<ReasonCode, Tally>([['allowed', family.tally('allow', 'allowed')]]);
  for (const reason of denialReasons) tallies.set(reason, family.tally('deny', reason));
  return tallies;
}

function createDenialCounter(registry: Registry): (check: Check, reason: DenialReason) => void {
  const denials = createCounterFamily(metrics.denials, registry, {
    maxLabelSets: maxDenialLabelSets,
    overflow: ([, , , reason = 'other']) => ['other', 'other', 'other', reason],
  });
  return ({ caller, request }, reason) => {
    denials
      .tally(
        caller?.principal ?? 'none',
        request?.service || 'none',
        methodLabel(request?.method),
        reason,
      )
      .add();
  };
}

function methodLabel(method: string | undefined): string {
  if (method === undefined || method === '') return 'none';
  return knownMethods.has(method) ? method : 'other';
}
