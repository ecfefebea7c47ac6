import type { PathPattern, PathStep } from './path-pattern.ts';

/**
 * Whether the pattern matches the whole of `RequestView.segments`: what a pattern means, said as
 * plainly as can be; faster ways are held against it.
 */
export function matchesPath(pattern: PathPattern, segments: readonly string[]): boolean {
  const { steps, open } = pattern;
  if (open ? segments.length < steps.length : segments.length !== steps.length) return false;
  return steps.every((step, index) => matchesSegment(step, segments[index] ?? ''));
}

function matchesSegment(step: PathStep, segment: string): boolean {
  switch (step.kind) {
    case 'literal':
      return step.text === segment;
    case 'any':
      return segment !== '';
    default:
      return step satisfies never;
  }
}
