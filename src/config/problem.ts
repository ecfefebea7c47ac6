import { printable } from '../domain/printable.ts';

/** Where something was said. No line: in the environment, or in a file that has no lines. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

/** Something a person has to put right. */
export interface Problem extends Place {
  /** The key, `server.address`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** `sallyport.yaml:3: server.address: must be …`. Keys and names in it are as a file has them. */
export function formatProblem(problem: Problem): string {
  const { file, line } = problem;
  const place = line === undefined ? file : `${file}:${line}`;
  return printable(`${place}: ${withoutPlace(problem)}`);
}

/** `server.address: must be …`, for what was in no file. */
export function withoutPlace({ path, message }: Problem): string {
  return path === '' ? message : `${path}: ${message}`;
}

/** As one reads the file; what is not in it comes last. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => (a.line ?? Infinity) - (b.line ?? Infinity) || 0);
}
