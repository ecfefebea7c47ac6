import { createPrivateKey, X509Certificate } from 'node:crypto';
import { parseSpiffeId } from '../../domain/identity/spiffe-id.ts';
import type { ClientAuthorities, TlsMaterial } from '../tls/credentials.ts';

export interface X509SvidResponse {
  readonly svids?: readonly X509Svid[];
  readonly federatedBundles?: Readonly<Record<string, Uint8Array>>;
}

interface X509Svid {
  readonly spiffeId?: string;
  readonly x509Svid?: Uint8Array;
  readonly x509SvidKey?: Uint8Array;
  readonly bundle?: Uint8Array;
}

/**
 * The first identity, which is the default one (Workload API §5.2), and the authorities of its own
 * and of federated trust domains, each for its own domain only. Throws a sentence for less.
 */
export function materialOf({ svids, federatedBundles = {} }: X509SvidResponse): TlsMaterial {
  const [svid] = svids ?? [];
  const id = parseSpiffeId(svid?.spiffeId ?? '');
  if (svid === undefined || id === undefined) throw new Error('it gave us no identity');
  const { x509Svid, x509SvidKey, bundle } = svid;
  if (x509Svid === undefined || x509SvidKey === undefined || bundle === undefined) {
    throw new Error(`it gave ${id.uri} without certificate, key or bundle`);
  }
  const key = createPrivateKey({ key: Buffer.from(x509SvidKey), format: 'der', type: 'pkcs8' });
  const federated = Object.entries(federatedBundles).map(([domain, der]): ClientAuthorities => ({
    pem: readablePemOf(der),
    trustDomain: domainOf(domain),
    isFederated: true,
  }));
  return {
    certificate: pemOf(x509Svid),
    privateKey: key.export({ format: 'pem', type: 'pkcs8' }).toString(),
    clientCa: [{ pem: pemOf(bundle), trustDomain: id.trustDomain }, ...federated],
  };
}

/** SPIRE names a trust domain by its SPIFFE ID. */
export function domainOf(name: string): string {
  return parseSpiffeId(name)?.trustDomain ?? name;
}

/** Certificates in DER have nothing between them: each says how long it is. */
function pemOf(der: Uint8Array): string {
  let pem = '';
  for (let rest = Buffer.from(der); rest.length > 0;) {
    const certificate = new X509Certificate(rest);
    pem += certificate.toString();
    rest = rest.subarray(certificate.raw.length);
  }
  return pem;
}

/** Empty for what is none: the certificates that we are given ourselves do not wait for a partner. */
function readablePemOf(der: Uint8Array): string {
  try {
    return pemOf(der);
  } catch {
    return '';
  }
}
