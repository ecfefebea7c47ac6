import { parseSpiffeId, type SpiffeId } from './spiffe-id.ts';

/**
 * One name and what separates it from the next. Node writes a value as a JSON string where it
 * could be taken for more than one name (CVE-2021-44532), so a bare one has no comma and no quote.
 */
const namePattern = /([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^",]*)(?:, (?=.)|$)/y;

/**
 * The one SPIFFE ID of a certificate: of the `subjectAltName` of Node's X509Certificate. Undefined
 * unless the certificate has exactly one URI and that is the ID of a workload (X509-SVID §2, §5.2):
 * of several, Envoy and we could each look at another.
 */
export function spiffeIdIn(subjectAltName: string | undefined): SpiffeId | undefined {
  const uris = urisIn(subjectAltName ?? '');
  const [uri] = uris ?? [];
  if (uris?.length !== 1 || uri === undefined) return undefined;
  const spiffe = parseSpiffeId(uri);
  return spiffe === undefined || spiffe.path === '' ? undefined : spiffe;
}

/** The URIs as Node writes them; undefined for a text that Node would not have written. */
export function urisIn(subjectAltName: string): readonly string[] | undefined {
  const uris: string[] = [];
  namePattern.lastIndex = 0;
  while (namePattern.lastIndex < subjectAltName.length) {
    const [, kind, value] = namePattern.exec(subjectAltName) ?? [];
    if (kind === undefined || value === undefined) return undefined;
    // One in quotes stays so: it is no SPIFFE ID, which needs no quotes.
    if (kind === 'URI') uris.push(value);
  }
  return uris;
}
