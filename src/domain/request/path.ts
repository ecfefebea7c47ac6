/**
 * The ways in which two programs read one path differently. Each has been an authorization
 * bypass somewhere (docs/security.md lists them); each is denied unless the configuration
 * relaxes it by name.
 */
export const pathAmbiguities = [
  'dot-segment',
  'empty-segment',
  'semicolon',
  'backslash',
  'encoded-slash',
  'encoded-backslash',
  'encoded-dot',
  'encoded-null',
  'fragment',
  'bad-percent',
] as const;

export type PathAmbiguity = (typeof pathAmbiguities)[number];

/** A request target cut at its first `?`; the `?` is in neither part. */
export interface RequestTarget {
  readonly path: string;
  readonly query: string;
}

/**
 * Cuts, and interprets nothing: `new URL` would read `//admin/x` as a host
 * (opa-envoy-plugin GHSA-9f29-v6mm-pw6w).
 */
export function splitTarget(target: string): RequestTarget {
  const cut = target.indexOf('?');
  return cut === -1
    ? { path: target, query: '' }
    : { path: target.slice(0, cut), query: target.slice(cut + 1) };
}

/**
 * The first ambiguity of a target that is not relaxed. Each is found whatever else is relaxed: a
 * dot segment is one too when its dots or slashes are percent-encoded or a parameter follows it.
 */
export function findAmbiguity(
  target: RequestTarget,
  relaxed: readonly PathAmbiguity[],
): PathAmbiguity | undefined {
  if (!suspicious.test(target.path) && !target.query.includes('#')) return undefined;
  return pathAmbiguities.find((name) => !relaxed.includes(name) && has[name](target));
}

/**
 * The path split at `/`, each segment percent-decoded; one that cannot be decoded stays as sent.
 * `/` has none, `/orders/` has an empty one at its end.
 */
export function segmentsOf(path: string): string[] {
  if (path === '/') return [];
  const segments = path.slice(1).split('/');
  return path.includes('%') ? segments.map(decodeSegment) : segments;
}

/** One scan that every unambiguous path without percent-encoding passes. */
const suspicious = /[#%;\\]|\/\/|\/\.\.?(?:\/|$)/;

const slash = String.raw`(?:[/\\]|%2f|%5c)`;
const dotSegment = new RegExp(String.raw`${slash}(?:\.|%2e){1,2}(?:${slash}|;|#|%00|$)`, 'i');
const emptySegment = new RegExp(`${slash}${slash}`, 'i');

/** How each ambiguity is known; a table, so that a new one cannot be without its test. */
const has: Readonly<Record<PathAmbiguity, (target: RequestTarget) => boolean>> = {
  'dot-segment': ({ path }) => dotSegment.test(path),
  'empty-segment': ({ path }) => emptySegment.test(path),
  semicolon: ({ path }) => path.includes(';'),
  backslash: ({ path }) => path.includes('\\'),
  'encoded-slash': ({ path }) => /%2f/i.test(path),
  'encoded-backslash': ({ path }) => /%5c/i.test(path),
  'encoded-dot': ({ path }) => /%2e/i.test(path),
  'encoded-null': ({ path }) => path.includes('%00'),
  // Also after the `?`: who cuts the fragment first sees another query (CVE-2021-32779).
  fragment: ({ path, query }) => path.includes('#') || query.includes('#'),
  'bad-percent': ({ path }) => decode(path) === undefined,
};

function decodeSegment(segment: string): string {
  return decode(segment) ?? segment;
}

/** Undefined when a `%` does not begin an escape, or the bytes are not UTF-8. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
