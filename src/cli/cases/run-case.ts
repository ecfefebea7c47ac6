import type { GivenToken } from '../../app/callers/given-tokens.ts';
import type { OfflineChecker } from '../../app/gate/offline-checker.ts';
import type { DecisionCase } from '../../config/access/load-cases.ts';
import { checkRequestOf } from '../check/described-request.ts';
import { givenGrantsOf } from './case-grants.ts';
import { failureOf } from './expectation.ts';

export interface CaseResult {
  readonly file: string;
  readonly line: number;
  readonly name: string;
  readonly seconds: number;
  /** Absent: it is as expected. */
  readonly failure?: string;
}

const timeoutMs = 10_000;

export async function runCase(
  file: string,
  decisionCase: DecisionCase,
  tokens: readonly GivenToken[],
  checker: OfflineChecker,
): Promise<CaseResult> {
  const { name, line, request, expect } = decisionCase;
  const { body, atMs, repeat, ...described } = request;
  const asked = checkRequestOf({
    ...described,
    body: body === undefined ? body : Buffer.from(body),
  });
  const question = { timeoutMs, atMs, tokens, grants: givenGrantsOf(decisionCase) };
  const startedMs = performance.now();
  let response = await checker.check(asked, question);
  for (let times = 1; times < repeat; times += 1) response = await checker.check(asked, question);
  const seconds = (performance.now() - startedMs) / 1000;
  const failure = failureOf(expect, response);
  const result = { file, line, name, seconds };
  return failure === undefined ? result : { ...result, failure };
}
