import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a PEM certificate and its private key. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateAuthority extends Certificate {
  /** `subjectAltName` in openssl's words: `URI:spiffe://…`, `DNS:localhost`. */
  issue(name: string, subjectAltName: string): Certificate;
}

/** A certificate authority for one test, in the folder given. */
export function createCertificateAuthority(directory: string): CertificateAuthority {
  const authority = files(directory, 'ca');
  request(authority, ['-subj', '/CN=test authority', '-addext', 'keyUsage=critical,keyCertSign']);
  return {
    ...authority,
    issue: (name, subjectAltName) => {
      const issued = files(directory, name);
      const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${subjectAltName}`];
      const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
      const signer = ['-CA', authority.certificate, '-CAkey', authority.privateKey];
      request(issued, [...subject, ...leaf, ...signer]);
      return issued;
    },
  };
}

function files(directory: string, name: string): Certificate {
  return {
    certificate: join(directory, `${name}.crt`),
    privateKey: join(directory, `${name}.key`),
  };
}

function request({ certificate, privateKey }: Certificate, options: readonly string[]): void {
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-days',
      '2',
      ...newKey,
      '-keyout',
      privateKey,
      '-out',
      certificate,
      ...options,
    ],
    { stdio: 'pipe' },
  );
}
