import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';

/** One workload, or with a trailing `/*` all that are below a path: `spiffe://prod/ns/shop/sa/*`. */
export interface SpiffePattern {
  readonly text: string;
  readonly trustDomain: string;
  matches(id: SpiffeId): boolean;
}

/** Undefined for what is neither the SPIFFE ID of a workload nor one with a trailing `/*`. */
export function parseSpiffePattern(text: string): SpiffePattern | undefined {
  const isPrefix = text.endsWith('/*');
  const spiffe = parseSpiffeId(isPrefix ? text.slice(0, -'/*'.length) : text);
  if (spiffe === undefined || (!isPrefix && spiffe.path === '')) return undefined;
  const { uri, trustDomain } = spiffe;
  const prefix = `${uri}/`;
  return {
    text,
    trustDomain,
    matches: isPrefix ? (id) => id.uri.startsWith(prefix) : (id) => id.uri === uri,
  };
}
