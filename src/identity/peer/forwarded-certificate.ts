/** What one element of `x-forwarded-client-cert` says of a certificate. */
export interface ForwardedCertificate {
  /** The URI SANs; an empty one is none. */
  readonly uris: readonly string[];
  /** SHA-256 of the certificate, in hexadecimal. */
  readonly hashes: readonly string[];
}

/**
 * One pair with what ends it. Envoy quotes what may hold a delimiter, but for SANs, which it writes
 * as they are (CVE-2023-27493): a delimiter outside of quotes is one, whoever put it there.
 */
const pairPattern =
  /(?<key>[A-Za-z]{1,16})=(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<plain>[^\s",;=\\]*))(?<end>[;,]|$)/y;
const spaces = /[ \t]*/y;

/**
 * The last element: the nearest proxy's word. Those before it are what the caller sent. The whole
 * field must be in Envoy's grammar, because a quote that an earlier element leaves open would hide
 * where the last one begins. Undefined when it is not.
 */
export function lastForwardedCertificate(field: string): ForwardedCertificate | undefined {
  let uris: string[] = [];
  let hashes: string[] = [];
  for (let at = 0; ; at = pairPattern.lastIndex) {
    pairPattern.lastIndex = at;
    const { key = '', quoted, plain, end } = pairPattern.exec(field)?.groups ?? {};
    if (end === undefined) return undefined;
    const name = key.toLowerCase();
    const value = quoted ?? plain ?? '';
    if (name === 'uri' && value !== '') uris.push(value);
    if (name === 'hash') hashes.push(value);
    if (end === '') return { uris, hashes };
    if (end === ',') {
      [uris, hashes] = [[], []];
      pairPattern.lastIndex = afterSpaces(field, pairPattern.lastIndex);
    }
  }
}

function afterSpaces(field: string, at: number): number {
  spaces.lastIndex = at;
  spaces.test(field);
  return spaces.lastIndex;
}

const sha256 = /^[0-9a-f]{64}$/i;

/** The hash, in base64url, of the certificate that the last element says is of `principal`. */
export function forwardedHash(field: string | undefined, principal: string): string | undefined {
  const { uris, hashes } = lastForwardedCertificate(field ?? '') ?? noCertificate;
  const [hash = '', ...others] = hashes;
  const isOfPeer = uris.length === 1 && uris[0] === principal && others.length === 0;
  return isOfPeer && sha256.test(hash) ? Buffer.from(hash, 'hex').toString('base64url') : undefined;
}

const noCertificate: ForwardedCertificate = { uris: [], hashes: [] };
