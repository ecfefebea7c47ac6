import type { CertificateFacts } from '../../domain/identity/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import type {
  KeyServerSettings,
  TokenIssuerSettings,
  TrustBundleSettings,
} from '../../domain/identity/token-settings.ts';
import type { KeySource } from './key-source.ts';
import { ServedKeys, type ServedKeysOptions } from './served-keys.ts';
import { TrustBundleKeys, type WatchTrustBundles } from './trust-bundle-keys.ts';

/** How servers of keys are asked. */
export interface KeyServerAccess {
  readonly fetch: ServedKeysOptions['fetch'];
  readonly watch: WatchTrustBundles;
}

export interface KeyServersOptions extends KeyServerAccess {
  readonly clock: Clock;
  /** After each answer; `fault`: why there are no newer keys. Must not throw. */
  readonly onFetched: (issuer: string, fault: string | undefined) => void;
}

/** Keys that change by themselves, until they are closed. */
interface LastingKeys extends KeySource {
  /** Of the server, where it has one. */
  readonly certificate?: CertificateFacts | undefined;
  close(): void;
}

/** The keys that come from servers. They outlive a reload that leaves their issuer as it was. */
export class KeyServers {
  readonly #options: KeyServersOptions;
  readonly #served = new Map<string, LastingKeys>();

  constructor(options: KeyServersOptions) {
    this.#options = options;
  }

  /** The same source for the same settings. */
  keysOf(
    issuer: TokenIssuerSettings,
    settings: KeyServerSettings | TrustBundleSettings,
  ): KeySource {
    const name = nameOf(issuer);
    const known = this.#served.get(name);
    if (known !== undefined) return known;
    const served = this.#open(issuer, settings);
    this.#served.set(name, served);
    return served;
  }

  /** Of the servers that have one. */
  certificates(): readonly CertificateFacts[] {
    return Array.from(this.#served.values(), ({ certificate }) => certificate).filter(
      (certificate) => certificate !== undefined,
    );
  }

  /** Stops asking for the keys of all other issuers. */
  keepOnly(issuers: readonly TokenIssuerSettings[]): void {
    const kept = new Set(issuers.map(nameOf));
    for (const [name, served] of this.#served) {
      if (kept.has(name)) continue;
      served.close();
      this.#served.delete(name);
    }
  }

  #open(
    { issuer, algorithms }: TokenIssuerSettings,
    settings: KeyServerSettings | TrustBundleSettings,
  ): LastingKeys {
    const { clock, fetch, watch, onFetched } = this.#options;
    const told = {
      algorithms,
      clock,
      onFetched: (fault: string | undefined) => {
        onFetched(issuer, fault);
      },
    };
    return settings.kind === 'server'
      ? new ServedKeys({ settings, fetch, ...told })
      : new TrustBundleKeys({ settings, watch, ...told });
  }
}

function nameOf({ issuer, keys, algorithms }: TokenIssuerSettings): string {
  return JSON.stringify([issuer, keys, algorithms]);
}
