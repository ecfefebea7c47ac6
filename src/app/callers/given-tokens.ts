import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';
import { createTokenMint, type TokenMint } from '../../identity/tokens/token-mint.ts';

/** What a token would say, of which nobody has one. */
export interface GivenToken {
  /** One of `identity.jwt`. */
  readonly issuer: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  /** Beside those above, or instead. */
  readonly claims: JsonObject;
}

interface Issuer {
  readonly settings: TokenIssuerSettings;
  readonly mint: TokenMint;
}

/**
 * Tokens that are given instead of shown, for an offline checker alone. They are real: signed with a
 * key that is made here, and that `config` believes in place of their issuer's own. So every rule
 * about tokens judges them, and nothing in a server knows of them.
 */
export class GivenTokens {
  readonly config: Config;
  readonly #issuers: ReadonlyMap<string, Issuer>;

  private constructor(config: Config, issuers: ReadonlyMap<string, Issuer>) {
    this.config = config;
    this.#issuers = issuers;
  }

  /** The keys' files go into `directory`. */
  static async open(
    config: Config,
    names: ReadonlySet<string>,
    directory: string,
  ): Promise<GivenTokens> {
    const issuers = new Map<string, Issuer>();
    const jwt: TokenIssuerSettings[] = [];
    for (const [at, settings] of config.identity.jwt.entries()) {
      if (!names.has(settings.issuer)) {
        jwt.push(settings);
        continue;
      }
      const mint = await createTokenMint(settings);
      const path = join(directory, `keys-${at}.json`);
      await writeFile(path, mint.keySet);
      issuers.set(settings.issuer, { settings, mint });
      jwt.push({ ...settings, keys: { kind: 'file', path } });
    }
    return new GivenTokens({ ...config, identity: { ...config.identity, jwt } }, issuers);
  }

  /** Rejects for an issuer that was not named. */
  async headerWith(
    { issuer, subject, scopes, claims }: GivenToken,
    nowMs: number,
  ): Promise<readonly [name: string, value: string]> {
    const known = this.#issuers.get(issuer);
    if (known === undefined) throw new Error(`no tokens are given of ${issuer}`);
    const scope = scopes.join(' ');
    const said = { sub: subject, ...(scope !== '' && { scope }), ...claims };
    return [known.settings.header, `Bearer ${await known.mint.mint(said, nowMs)}`];
  }
}
