/** A parsed SPIFFE ID (SPIFFE-ID standard §2): who a workload is, in one trust domain. */
export interface SpiffeId {
  /** The whole ID: `spiffe://prod/ns/shop/sa/web`. */
  readonly uri: string;
  readonly trustDomain: string;
  /** Begins with `/`; empty for the trust domain itself. */
  readonly path: string;
  /** Present when the path has Istio's form, `/ns/{namespace}/sa/{serviceAccount}`. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
}

const scheme = 'spiffe://';
const maxIdLength = 2048;
const trustDomainPattern = /^[a-z0-9._-]{1,255}$/;
const pathPattern = /^(?:\/[a-zA-Z0-9._-]+)*$/;
const istioPathPattern = /^\/ns\/([^/]+)\/sa\/([^/]+)$/;

export function isTrustDomain(name: string): boolean {
  return trustDomainPattern.test(name);
}

/**
 * Parses strictly: the character sets of the standard and nothing more, so that no two spellings
 * name one workload. Returns undefined for anything else.
 */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (uri.length > maxIdLength || !uri.startsWith(scheme)) return undefined;
  const pathStart = uri.indexOf('/', scheme.length);
  const trustDomain = uri.slice(scheme.length, pathStart === -1 ? undefined : pathStart);
  const path = pathStart === -1 ? '' : uri.slice(pathStart);
  if (!isTrustDomain(trustDomain) || !pathPattern.test(path) || hasDotSegment(path)) {
    return undefined;
  }
  const [, namespace, serviceAccount] = istioPathPattern.exec(path) ?? [];
  return namespace === undefined || serviceAccount === undefined
    ? { uri, trustDomain, path }
    : { uri, trustDomain, path, namespace, serviceAccount };
}

function hasDotSegment(path: string): boolean {
  return path.split('/').some((segment) => segment === '.' || segment === '..');
}
