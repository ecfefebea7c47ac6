import type { CertificateFacts } from '../../domain/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import type { KeyServerSettings, TokenIssuerSettings } from '../../domain/token-settings.ts';
import type { KeySource } from './key-source.ts';
import { ServedKeys, type ServedKeysOptions } from './served-keys.ts';

export interface KeyServersOptions {
  readonly clock: Clock;
  readonly fetch: ServedKeysOptions['fetch'];
  /** After each request; `fault`: why there are no newer keys. Must not throw. */
  readonly onFetched: (issuer: string, fault: string | undefined) => void;
}

/** The keys that come from servers. They outlive a reload that leaves their issuer as it was. */
export class KeyServers {
  readonly #options: KeyServersOptions;
  readonly #served = new Map<string, ServedKeys>();

  constructor(options: KeyServersOptions) {
    this.#options = options;
  }

  /** The same ones for the same settings. */
  keysOf(issuer: TokenIssuerSettings, settings: KeyServerSettings): KeySource {
    const { clock, fetch, onFetched } = this.#options;
    const name = nameOf(issuer);
    const known = this.#served.get(name);
    if (known !== undefined) return known;
    const served = new ServedKeys({
      settings,
      algorithms: issuer.algorithms,
      clock,
      fetch,
      onFetched: (fault) => {
        onFetched(issuer.issuer, fault);
      },
    });
    this.#served.set(name, served);
    return served;
  }

  /** Of the servers that have one. */
  certificates(): readonly CertificateFacts[] {
    return Array.from(this.#served.values(), ({ certificate }) => certificate).filter(
      (certificate) => certificate !== undefined,
    );
  }

  /** Asks no more for the keys of all others. */
  keepOnly(issuers: readonly TokenIssuerSettings[]): void {
    const kept = new Set(issuers.map(nameOf));
    for (const [name, served] of this.#served) {
      if (kept.has(name)) continue;
      served.close();
      this.#served.delete(name);
    }
  }
}

function nameOf({ issuer, keys, algorithms }: TokenIssuerSettings): string {
  return JSON.stringify([issuer, keys, algorithms]);
}
