import { BuiltinDeadline, BuiltinHalt, BuiltinSuspension } from '../../builtin.ts';
import type { RegoValue } from '../../value.ts';
import type { Fetcher } from './fetcher.ts';

/** How many questions one evaluation may ask: a policy that makes them up must end. */
const maxQuestions = 20;

/**
 * Evaluates until nothing is left to ask: at once where nothing is asked. `evaluateOnce` starts from
 * the beginning each time, with the same time and the same memory, and throws a BuiltinSuspension at a
 * question that has no answer yet. Throws a BuiltinDeadline when the signal aborts, which is made for
 * the first question, and a BuiltinHalt when there are too many questions.
 */
export function evaluateWithFetches<T>(
  evaluateOnce: (remembered: Map<string, RegoValue>) => T,
  fetcher: Fetcher,
  signalOf: () => AbortSignal,
): T | Promise<T> {
  const remembered = new Map<string, RegoValue>();
  try {
    return evaluateOnce(remembered);
  } catch (error) {
    if (!(error instanceof BuiltinSuspension)) throw error;
    return evaluateAfter(error, remembered, evaluateOnce, fetcher, signalOf());
  }
}

async function evaluateAfter<T>(
  first: BuiltinSuspension,
  remembered: Map<string, RegoValue>,
  evaluateOnce: (remembered: Map<string, RegoValue>) => T,
  fetcher: Fetcher,
  signal: AbortSignal,
): Promise<T> {
  let suspension = first;
  for (let asked = 0; asked < maxQuestions; asked += 1) {
    remembered.set(suspension.key, await answerInTime(suspension, fetcher, signal));
    try {
      return evaluateOnce(remembered);
    } catch (error) {
      if (!(error instanceof BuiltinSuspension)) throw error;
      suspension = error;
    }
  }
  throw new BuiltinHalt(`a policy asked more than ${maxQuestions} questions of the outside`);
}

async function answerInTime(
  { key, question }: BuiltinSuspension,
  fetcher: Fetcher,
  signal: AbortSignal,
): Promise<RegoValue> {
  if (signal.aborted) throw tooLate();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => {
    reject(tooLate());
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([fetcher.answer(key, question, signal), promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function tooLate(): BuiltinDeadline {
  return new BuiltinDeadline('other hosts had not answered the policy');
}
