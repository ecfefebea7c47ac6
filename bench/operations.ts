import { type Spread, spreadOf } from './statistics.ts';

/** Something that is done over and over in this process. */
export interface Operation {
  readonly name: string;
  run(): unknown;
}

export interface OperationTime {
  readonly name: string;
  /** Microseconds an operation, over the rounds. */
  readonly micros: Spread;
}

const warmUpTimes = 20_000;
const batchMs = 30;

/** Times each operation in batches, in turn, so that a slow moment does not hit one alone. */
export async function timeOperations(
  operations: readonly Operation[],
  rounds: number,
): Promise<OperationTime[]> {
  const timed = [];
  for (const operation of operations) {
    const micros = await batchMicros(operation, warmUpTimes);
    timed.push({ operation, times: Math.ceil((batchMs * 1000) / micros), batches: [] as number[] });
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { operation, times, batches } of timed) {
      batches.push(await batchMicros(operation, times));
    }
  }
  return timed.map(({ operation, batches }) => ({
    name: operation.name,
    micros: spreadOf(batches),
  }));
}

/** Kept, so that the compiler cannot leave out what nobody reads. */
export let lastResult: unknown;

async function batchMicros(operation: Operation, times: number): Promise<number> {
  const startedMs = performance.now();
  for (let time = 0; time < times; time += 1) {
    const result = operation.run();
    lastResult = result instanceof Promise ? await result : result;
  }
  return ((performance.now() - startedMs) * 1000) / times;
}
