import { messageOf } from '../../domain/fault-message.ts';
import type { HandOutcome } from '../../admin/hand-outcome.ts';

export function done<T>(value: T): HandOutcome<T> {
  return { outcome: 'done', value };
}

/** What the store cannot take is refused; when it did not answer, nobody knows whether it did it. */
export async function withStore<T>(work: () => Promise<HandOutcome<T>>): Promise<HandOutcome<T>> {
  try {
    return await work();
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof RangeError) return { outcome: 'refused', reason };
    return { outcome: 'unavailable', reason: `It may not have been done: ${reason}` };
  }
}
