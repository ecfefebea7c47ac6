import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its key: as text, and in files. */
export interface Issued {
  readonly certificate: string;
  readonly privateKey: string;
  readonly certificateFile: string;
  readonly privateKeyFile: string;
}

export interface IssueOptions {
  /** In openssl's words: `URI:spiffe://…, DNS:localhost`. */
  readonly names?: string;
  /** Negative: expired. Default 2. */
  readonly days?: number;
  /** In the place of `days`: its life, to the second. */
  readonly from?: Date;
  readonly until?: Date;
  /** More lines of an openssl extension section. */
  readonly extensions?: readonly string[];
}

/** A certificate authority for tests, whose files are in a folder of its own. */
export class Authority {
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-authority-'));
  readonly own: Issued;
  #issued = 0;

  constructor(
    subject = 'test authority',
    signer?: Authority,
    days = 2,
    more: readonly string[] = [],
  ) {
    const authority = [
      'basicConstraints=critical,CA:TRUE',
      'keyUsage=critical,keyCertSign,cRLSign',
    ];
    const options = { days, extensions: [...authority, ...more] };
    this.own = this.#make(subject, options, signer?.own);
  }

  issue(options: IssueOptions): Issued {
    this.#issued += 1;
    const { extensions = ['keyUsage=critical,digitalSignature'] } = options;
    const leaf = ['basicConstraints=critical,CA:FALSE', ...extensions];
    return this.#make(`leaf ${this.#issued}`, { ...options, extensions: leaf }, this.own);
  }

  /** Its own name and key, signed by another authority: a cross-certificate. */
  crossSignedBy(signer: Authority): string {
    const [file, { certificateFile, privateKeyFile }] = [join(this.directory, '0'), signer.own];
    const signedBy = `-CA ${certificateFile} -CAkey ${privateKeyFile}`;
    openssl(
      `x509 -req -in ${file}.csr ${signedBy} -days 2 -extfile ${file}.ext -out ${file}.cross`,
    );
    return readFileSync(`${file}.cross`, 'utf8');
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #make(
    subject: string,
    { names, days = 2, from, until, extensions = [] }: IssueOptions,
    signer?: Issued,
  ): Issued {
    const file = join(this.directory, `${this.#issued}`);
    const [certificateFile, privateKeyFile] = [`${file}.crt`, `${file}.key`];
    const alternatives = names === undefined ? [] : [`subjectAltName=${names}`];
    writeFileSync(`${file}.ext`, [...extensions, ...alternatives, ''].join('\n'));
    openssl(
      `req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${privateKeyFile} -out ${file}.csr -subj`,
      `/CN=${subject}`,
    );
    const signedBy =
      signer === undefined
        ? `-key ${privateKeyFile}`
        : `-CA ${signer.certificateFile} -CAkey ${signer.privateKeyFile}`;
    if (from !== undefined || until !== undefined) {
      this.#signFor(file, signer, from ?? new Date(), until ?? new Date(Date.now() + 86_400_000));
    } else {
      openssl(
        `x509 -req -in ${file}.csr ${signedBy} -days ${days} -extfile ${file}.ext -out ${certificateFile}`,
      );
    }
    const [certificate, privateKey] = [certificateFile, privateKeyFile].map((path) =>
      readFileSync(path, 'utf8'),
    );
    return {
      certificate: certificate ?? '',
      privateKey: privateKey ?? '',
      certificateFile,
      privateKeyFile,
    };
  }

  /** `openssl x509` knows whole days only. */
  #signFor(file: string, { certificateFile, privateKeyFile } = this.own, from: Date, until: Date) {
    const configuration = [
      '[ca]',
      'default_ca=own',
      '[own]',
      `database=${file}.db`,
      'policy=any',
      'rand_serial=yes',
    ];
    const anySubject = ['[any]', 'commonName=supplied', ''];
    writeFileSync(`${file}.cnf`, [...configuration, ...anySubject].join('\n'));
    writeFileSync(`${file}.db`, '');
    const lifetime = `-startdate ${asn1Time(from)} -enddate ${asn1Time(until)}`;
    const signer = `-cert ${certificateFile} -keyfile ${privateKeyFile} -md sha256`;
    openssl(
      `ca -batch -notext -config ${file}.cnf -in ${file}.csr ${signer} ${lifetime} ` +
        `-extfile ${file}.ext -outdir ${this.directory} -out ${file}.crt`,
    );
  }
}

/** `20261122093015Z` */
function asn1Time(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-T:]/g, '')}Z`;
}

function openssl(words: string, ...last: readonly string[]): void {
  execFileSync('openssl', [...words.split(' '), ...last], { stdio: 'pipe' });
}
