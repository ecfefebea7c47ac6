import { type ConformanceCase, nameOfModule, readCases, readModules } from './corpus.ts';
import { faultOf, type Outcome } from './judge.ts';
import { runCase } from './run-case.ts';

export interface CaseResult {
  readonly case: ConformanceCase;
  readonly outcome: Outcome;
  /** What is wrong with the outcome. */
  readonly fault: string | undefined;
}

/** Runs every case of the corpus, in the corpus' order. */
export async function runCorpus(): Promise<CaseResult[]> {
  const cases = readCases();
  const outcomes = new Map<ConformanceCase, Outcome>();
  const ofModule = Map.groupBy(cases, ({ program }) =>
    program.kind === 'compiled' ? program.module : 'none',
  );
  for (const each of ofModule.get('none') ?? []) outcomes.set(each, await runCase(each, undefined));
  for (const module of readModules(cases)) {
    for (const each of ofModule.get(nameOfModule(module)) ?? []) {
      outcomes.set(each, await runCase(each, module));
    }
  }
  return cases.map((each) => {
    const outcome = outcomes.get(each) ?? { kind: 'failed', detail: 'the case was not run' };
    return { case: each, outcome, fault: faultOf(each, outcome) };
  });
}
