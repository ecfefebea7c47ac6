import { messageOf } from '../domain/fault-message.ts';
import { formatProblem, type Problem } from './problem.ts';

/** What a document says, or everything that is wrong with it. */
export type Loaded<T> = { readonly value: T } | { readonly problems: readonly Problem[] };

export function problemsOf(loaded: Loaded<unknown>): readonly Problem[] {
  return 'problems' in loaded ? loaded.problems : [];
}

/** Runs what throws a sentence, and says of which file it speaks. */
export async function loadedFrom<T>(file: string, load: () => T | Promise<T>): Promise<Loaded<T>> {
  try {
    return { value: await load() };
  } catch (fault) {
    const message = messageOf(fault);
    return { problems: [{ file, path: '', message }] };
  }
}

/** @throws {Error} that lists every problem, a line each. */
export function valueOf<T>(loaded: Loaded<T>): T {
  if ('value' in loaded) return loaded.value;
  throw errorOf(loaded.problems);
}

/** @throws {Error} that lists every problem, if there is one. */
export function throwProblems(problems: readonly Problem[]): void {
  if (problems.length > 0) throw errorOf(problems);
}

function errorOf(problems: readonly Problem[]): Error {
  return new Error(problems.map(formatProblem).join('\n'));
}
