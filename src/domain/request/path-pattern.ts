/** A path pattern as people write it in access.yaml and limits.yaml, ready to be matched. */
export interface PathPattern {
  /** As written. */
  readonly text: string;
  /** What the leading segments must be, one step a segment. */
  readonly steps: readonly PathStep[];
  /** Ends in `**`: whatever follows the steps matches, also nothing. */
  readonly open: boolean;
}

/** `any` is `{x}`: one segment, not empty. A literal's text is percent-decoded. */
export type PathStep =
  { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'any' };

const rest = '**';
const parameterPattern = /^\{[A-Za-z_][A-Za-z0-9_-]*\}$/;

/**
 * Compiles a pattern such as `/orders/{id}/**`.
 * @throws {SyntaxError} saying what {@link pathPatternFault} says.
 */
export function compilePathPattern(text: string): PathPattern {
  const fault = pathPatternFault(text);
  if (fault !== undefined) throw new SyntaxError(fault);
  const segments = segmentsOf(text);
  const open = segments.at(-1) === rest;
  return { text, steps: (open ? segments.slice(0, -1) : segments).map(stepOf), open };
}

/** What is wrong with a pattern and how to write it, or undefined when nothing is. */
export function pathPatternFault(text: string): string | undefined {
  const said = `path pattern ${JSON.stringify(text)}`;
  if (!text.startsWith('/')) return `${said} must begin with /`;
  const segments = segmentsOf(text);
  for (const [index, segment] of segments.entries()) {
    const fault = segmentFault(segment, index === segments.length - 1);
    if (fault !== undefined) return `${said}: ${fault}`;
  }
  return undefined;
}

function segmentFault(segment: string, last: boolean): string | undefined {
  if (segment === rest) return last ? undefined : '** stands for the rest, so only at the end';
  if (parameterPattern.test(segment)) return undefined;
  if (segment === '' && !last) return 'a segment is empty; write one / between segments';
  if (/[{}]/.test(segment)) {
    return `${segment} is not a parameter; write {name} as a whole segment, or %7B and %7D for braces`;
  }
  if (segment.includes('*')) {
    return `${segment} has a *; write {name} for one segment, /** at the end for the rest, or %2A for the character`;
  }
  if (/[?#]/.test(segment)) return 'it must not have a query or a fragment';
  return literalFault(segment);
}

function literalFault(segment: string): string | undefined {
  const literal = decoded(segment);
  if (literal === undefined) return `${segment} is not valid percent-encoded UTF-8`;
  if (literal === '.' || literal === '..') return `${segment} is a dot segment; no request has one`;
  return undefined;
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** The root path has no segments; a trailing slash is an empty last one. */
function segmentsOf(text: string): string[] {
  return text === '/' ? [] : text.slice(1).split('/');
}

function stepOf(segment: string): PathStep {
  return parameterPattern.test(segment)
    ? { kind: 'any' }
    : { kind: 'literal', text: decodeURIComponent(segment) };
}
