import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { JsonObject } from '../../domain/json.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';

/** Makes tokens as an issuer would, with a key of its own: good only for who believes that key. */
export interface TokenMint {
  /** RFC 7517, in JSON, with the public key. */
  readonly keySet: string;
  /** What the claims leave out is as the issuer's settings want it. `nowMs` is since 1970. */
  mint(claims: JsonObject, nowMs: number): Promise<string>;
}

const kid = 'minted';

export async function createTokenMint(settings: TokenIssuerSettings): Promise<TokenMint> {
  const { issuer, audiences, algorithms, types, maxLifetimeMs } = settings;
  const [alg = 'ES256'] = algorithms;
  const [typ = ''] = types;
  const { publicKey, privateKey } = await generateKeyPair(alg);
  const header = { alg, kid, ...(typ !== '' && { typ }) };
  return {
    keySet: JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid }] }),
    mint(claims, nowMs) {
      const iat = Math.floor(nowMs / 1000);
      const exp = iat + Math.floor(maxLifetimeMs / 1000);
      const payload = { iss: issuer, aud: [...audiences], iat, exp, jti: randomUUID(), ...claims };
      return new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
    },
  };
}
