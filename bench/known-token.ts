import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { createIsolatedSurroundings } from '../src/app/gate/isolated-surroundings.ts';
import { loadCallers } from '../src/app/callers/load-callers.ts';
import { valueOf } from '../src/config/loaded.ts';
import type { Gate } from '../src/check/decide.ts';
import { systemClock } from '../src/domain/clock.ts';
import type { TokenIssuerSettings } from '../src/domain/identity/token-settings.ts';
import { encodeCheckRequest } from './check-request.ts';

const issuer = 'https://tokens.shop.example';
const lifetimeMs = 3_600_000;

/** A gate that verifies tokens, and the measured check with a token that it can verify. */
export async function withToken(gate: Gate): Promise<{ gate: Gate; message: Buffer }> {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const path = join(directory, 'keys.json');
    const jwk = { ...(await exportJWK(publicKey)), kid: 'bench' };
    writeFileSync(path, JSON.stringify({ keys: [jwk] }));
    const identity = {
      trustDomains: ['shop.example'],
      federatedTrustDomains: [],
      sources: ['peer'],
      require: 'either',
      jwt: [settingsFor(path)],
      maxVerificationsPerSecond: 100_000,
    } as const;
    const { callers } = createIsolatedSurroundings(systemClock);
    const token = await sign(privateKey);
    return {
      gate: { ...gate, callers: valueOf(await loadCallers(identity, callers)) },
      message: encodeCheckRequest({ authorization: `Bearer ${token}` }),
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function sign(privateKey: CryptoKey): Promise<string> {
  return new SignJWT(claimsNow())
    .setProtectedHeader({ alg: 'ES256', kid: 'bench', typ: 'JWT' })
    .sign(privateKey);
}

/** A dozen claims, about as long as the measured check's own. */
export function claimsNow(): JWTPayload {
  const nowSeconds = Math.floor(Date.now() / 1000);
  return {
    client_id: 'shop-web',
    scope: 'orders:read orders:write',
    amr: ['pwd', 'mfa'],
    acr: 'urn:shop:silver',
    azp: 'shop-web',
    tenant: 'acme',
    iss: issuer,
    sub: 'spiffe://shop.example/ns/shop/sa/web',
    aud: 'orders',
    jti: crypto.randomUUID(),
    iat: nowSeconds,
    exp: nowSeconds + lifetimeMs / 1000,
  };
}

function settingsFor(path: string): TokenIssuerSettings {
  return {
    issuer,
    kind: 'service',
    keys: { kind: 'file', path },
    audiences: ['orders'],
    algorithms: ['ES256'],
    types: ['jwt'],
    maxLifetimeMs: lifetimeMs,
    clockSkewMs: 1000,
    scopes: [],
    header: 'authorization',
    forward: true,
    principalClaim: 'sub',
    principalPrefix: '',
    trustDomains: [],
    bindTo: 'peer',
  };
}
