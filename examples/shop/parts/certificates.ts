import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface Identity {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Who vouches for the workloads of one trust domain. Its files are `NAME.crt` and `NAME.key`. */
export class Authority {
  readonly own: Identity;
  readonly #folder: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.own = this.#make(name, ['-addext', 'keyUsage=critical,keyCertSign']);
  }

  issue(name: string, spiffeId: string): Identity {
    const signer = ['-CA', this.own.certificate, '-CAkey', this.own.privateKey];
    const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
    const use = ['-addext', 'keyUsage=critical,digitalSignature'];
    const names = ['-addext', `subjectAltName=URI:${spiffeId},DNS:localhost`];
    return this.#make(name, [...signer, ...leaf, ...use, ...names]);
  }

  #make(name: string, options: readonly string[]): Identity {
    const file = join(this.#folder, name);
    const [certificate, privateKey] = [`${file}.crt`, `${file}.key`];
    const key = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'.split(' ');
    const files = ['-keyout', privateKey, '-out', certificate, '-subj', `/CN=${name}`];
    const args = ['req', '-x509', '-days', '2', ...key, ...files, ...options];
    execFileSync('openssl', args, { stdio: 'pipe' });
    return { certificate, privateKey };
  }
}
