import { parseSpiffeId } from './spiffe-id.ts';

/**
 * Who: `any` is whoever is known, `exact` one principal, and `under` every SPIFFE ID below a parent:
 * `spiffe://prod/ns/shop` for what is written `spiffe://prod/ns/shop/*`.
 */
export type PrincipalPattern =
  | { readonly kind: 'any' }
  | { readonly kind: 'exact'; readonly principal: string }
  | { readonly kind: 'under'; readonly parent: string };

/** The subject of a token. Not Istio's form of a SPIFFE ID, without the scheme, which would match nobody. */
const subjectPattern = /^(?!spiffe:)(?![^/:]+\/ns\/[^/]+\/sa\/)[^*\s\p{Cc}]{1,2048}$/iu;

/** Reads a principal as access.yaml has it. Undefined when it is none. */
export function parsePrincipalPattern(text: string): PrincipalPattern | undefined {
  if (text === '*') return { kind: 'any' };
  if (text.endsWith('/*')) {
    const parent = text.slice(0, -2);
    return parseSpiffeId(parent) && { kind: 'under', parent };
  }
  const isPrincipal = subjectPattern.test(text) || parseSpiffeId(text)?.path;
  return isPrincipal ? { kind: 'exact', principal: text } : undefined;
}

export function formatPrincipalPattern(pattern: PrincipalPattern): string {
  switch (pattern.kind) {
    case 'any':
      return '*';
    case 'exact':
      return pattern.principal;
    case 'under':
      return `${pattern.parent}/*`;
    default:
      return pattern satisfies never;
  }
}

/** Whether everybody whom `narrow` names is named by `wide` too. */
export function covers(wide: PrincipalPattern, narrow: PrincipalPattern): boolean {
  if (wide.kind === 'any' || narrow.kind === 'any') return wide.kind === 'any';
  const whom = narrow.kind === 'exact' ? narrow.principal : narrow.parent;
  if (wide.kind === 'exact') return narrow.kind === 'exact' && wide.principal === whom;
  return whom.startsWith(`${wide.parent}/`) || (narrow.kind === 'under' && whom === wide.parent);
}
