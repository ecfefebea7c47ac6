import type { OutsideQuestion } from '../../builtin.ts';
import type { RegoValue } from '../../value.ts';

/**
 * Answers what policies ask of the outside. It never rejects but for a bug: a failure is an answer
 * too (`failureAnswer`, and null for a name that has no address).
 */
export interface Fetcher {
  answer(key: string, question: OutsideQuestion, signal: AbortSignal): Promise<RegoValue>;
}
