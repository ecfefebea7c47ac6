import type { PathPattern, PathStep } from '../../domain/request/path-pattern.ts';

/** Whether `wide` matches whatever `narrow` matches. */
export function patternCovers(wide: PathPattern, narrow: PathPattern): boolean {
  if (narrow.open && !wide.open) return false;
  const isLongEnough = narrow.steps.length >= wide.steps.length;
  if (!isLongEnough || (!wide.open && narrow.steps.length > wide.steps.length)) return false;
  return wide.steps.every((step, at) => stepCovers(step, narrow.steps[at]));
}

function stepCovers(wide: PathStep, narrow: PathStep | undefined): boolean {
  if (narrow === undefined) return false;
  return wide.kind === 'literal'
    ? narrow.kind === 'literal' && narrow.text === wide.text
    : narrow.kind === 'any' || narrow.text !== '';
}

/** Whether a path may match both. */
export function patternsMeet(one: PathPattern, other: PathPattern): boolean {
  const [short, long] = one.steps.length <= other.steps.length ? [one, other] : [other, one];
  if (!short.open && short.steps.length < long.steps.length) return false;
  return short.steps.every((step, at) => {
    const beside = long.steps[at];
    return stepCovers(step, beside) || (beside !== undefined && stepCovers(beside, step));
  });
}
