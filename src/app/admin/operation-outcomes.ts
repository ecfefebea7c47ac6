import type { OperationOutcome } from '../../admin/operation-outcome.ts';
import { type Problem, withoutPlace } from '../../config/problem.ts';
import { messageOf } from '../../domain/fault-message.ts';

export function done<T>(value: T): OperationOutcome<T> {
  return { outcome: 'done', value };
}

/** For an order that cannot be read: everything that is wrong with it, a line each. */
export function refusedFor(problems: readonly Problem[]): OperationOutcome<never> {
  return { outcome: 'refused', reason: problems.map(withoutPlace).join('\n') };
}

/** What the store cannot take is refused; when it did not answer, nobody knows whether it did it. */
export async function withStore<T>(
  work: () => Promise<OperationOutcome<T>>,
): Promise<OperationOutcome<T>> {
  try {
    return await work();
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof RangeError) return { outcome: 'refused', reason };
    return { outcome: 'unavailable', reason: `It may not have been done: ${reason}` };
  }
}
