import { CannotMeasure } from '../cannot-measure.ts';
import { cpuMicros } from '../cpu-time.ts';
import type { Contender } from './contenders.ts';
import type { LimitCount } from './measured-limits.ts';

export interface Shape {
  readonly rounds: number;
  /** Of each contender in each round, and before the first. */
  readonly requests: number;
  readonly warmUp: number;
}

/** Microseconds are of CPU time, user and system, of all threads. */
export interface DecisionSlice {
  readonly decisionsPerSecond: number;
  readonly microsPerDecision?: number;
  readonly redisMicrosPerDecision: number;
}

export interface MeasuredContender {
  readonly name: string;
  readonly limits: LimitCount;
  /** One a round. */
  readonly slices: readonly DecisionSlice[];
}

/** Warms every contender up, then takes their slices in turn: A B C A B C … */
export async function measureRounds(
  contenders: readonly Contender[],
  redisPid: number,
  { rounds, requests, warmUp }: Shape,
  say: (progress: string) => void,
): Promise<MeasuredContender[]> {
  for (const contender of contenders) {
    say(`warming up: ${contender.name}, limits: ${contender.limits}`);
    await measureSlice(contender, redisPid, warmUp);
  }
  const measured = contenders.map((contender) => ({ contender, slices: [] as DecisionSlice[] }));
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    for (const { contender, slices } of measured) {
      slices.push(await measureSlice(contender, redisPid, requests));
    }
  }
  return measured.map(({ contender: { name, limits }, slices }) => ({ name, limits, slices }));
}

async function measureSlice(
  contender: Contender,
  redisPid: number,
  requests: number,
): Promise<DecisionSlice> {
  const { pid } = contender;
  const before = { own: pid === undefined ? 0 : cpuMicros(pid), redis: cpuMicros(redisPid) };
  const startedMs = performance.now();
  await contender.decide(requests).catch((error: unknown) => {
    const words = contender.end?.();
    throw words === undefined ? error : new CannotMeasure(`${contender.name}: ${words}`);
  });
  const tookMs = performance.now() - startedMs;
  return {
    decisionsPerSecond: (1000 * requests) / tookMs,
    ...(pid !== undefined && { microsPerDecision: (cpuMicros(pid) - before.own) / requests }),
    redisMicrosPerDecision: (cpuMicros(redisPid) - before.redis) / requests,
  };
}
