import type { PathPattern } from '../../domain/request/path-pattern.ts';
import type { Effect } from './effect.ts';

/**
 * The patterns that a pattern stands for. Servers often serve `/admin/` as `/admin`: what closes a
 * path closes both, and what opens one opens only that.
 */
export function spellingsOf(pattern: PathPattern, effect: Effect): readonly PathPattern[] {
  const { steps, open } = pattern;
  if (effect === 'opens' || open || steps.length === 0) return [pattern];
  const last = steps.at(-1);
  const hasSlash = last?.kind === 'literal' && last.text === '';
  const other = hasSlash ? steps.slice(0, -1) : [...steps, { kind: 'literal', text: '' } as const];
  return [pattern, { ...pattern, steps: other }];
}
