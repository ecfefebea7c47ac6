import type { Caller } from '../../../src/domain/identity/caller.ts';
import type { Clock } from '../../../src/domain/clock.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import type { IdentitySettings } from '../../../src/domain/identity/identity-settings.ts';
import type { RequestView } from '../../../src/domain/request/request.ts';
import type { TokenIssuerSettings } from '../../../src/domain/identity/token-settings.ts';
import { createCallerResolver } from '../../../src/identity/caller-resolver.ts';
import { readKeySet } from '../../../src/identity/keys/key-set.ts';
import { fixedKeys, type KeySource } from '../../../src/identity/keys/key-source.ts';
import { createPeerResolver } from '../../../src/identity/peer/peer-resolver.ts';
import { MemoryReplayStore } from '../../../src/identity/replay/memory-replay-store.ts';
import type { ReplayStore } from '../../../src/identity/replay/replay-store.ts';
import { createSignatureCheck } from '../../../src/identity/tokens/signature-check.ts';
import { TokenVerifier } from '../../../src/identity/tokens/token-verifier.ts';
import { createIssuerKey, keySetText } from '../../setup/token-issuer.ts';
import { requestFrom } from '../request-fixture.ts';

export const issuerName = 'https://tokens.prod.example';
export const web = 'spiffe://prod/ns/shop/sa/web';
export const issuerKey = createIssuerKey('key-1');

/** 2026-01-01, in seconds and for the clock. */
export const nowSeconds = 1_767_225_600;

export class FakeClock implements Clock {
  #nowMs = nowSeconds * 1000;

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export const issuerSettings: TokenIssuerSettings = {
  issuer: issuerName,
  kind: 'service',
  keys: { kind: 'file', path: '/keys.json' },
  audiences: ['orders'],
  algorithms: ['ES256', 'RS256', 'EdDSA'],
  types: ['', 'jwt', 'jose', 'at+jwt'],
  maxLifetimeMs: 300_000,
  clockSkewMs: 30_000,
  scopes: [],
  header: 'authorization',
  forward: true,
  principalClaim: 'sub',
  principalPrefix: '',
  trustDomains: [],
};

/** The claims of a good token. */
export function claimsWith(changed: object = {}): object {
  return {
    iss: issuerName,
    sub: 'orders-client',
    aud: 'orders',
    iat: nowSeconds,
    exp: nowSeconds + 60,
    ...changed,
  };
}

export interface CallersOptions extends Partial<IdentitySettings> {
  readonly issuers?: readonly (Partial<TokenIssuerSettings> & { readonly source?: KeySource })[];
  readonly replays?: ReplayStore;
  readonly clock?: Clock;
  readonly budget?: { readonly perSecond: number; readonly concurrent: number };
  readonly onJudged?: (issuer: string, result: string) => void;
}

export const fixedSource = fixedKeys(
  await readKeySet(keySetText([issuerKey]), issuerSettings.algorithms),
);

/** Resolves callers as a server with these settings would; say only what the test is about. */
export function callersWith(options: CallersOptions = {}) {
  const { clock = new FakeClock(), issuers = [{}], budget, onJudged = () => {} } = options;
  const settings = { trustDomains: ['prod'], federatedTrustDomains: ['partner'], ...options };
  const checkSignature = createSignatureCheck(budget ?? { perSecond: 1e6, concurrent: 1e6 }, clock);
  const all = issuers.map(({ source = fixedSource, ...changed }) => ({
    settings: { ...issuerSettings, ...changed },
    keys: source,
  }));
  const byHeader = Map.groupBy(all, (issuer) => issuer.settings.header);
  const resolver = createCallerResolver({
    require: options.require ?? 'either',
    peers: createPeerResolver({ sources: ['peer'], ...settings }),
    federatedTrustDomains: new Set(settings.federatedTrustDomains),
    tokens: new Map(
      Array.from(byHeader, ([header, ofHeader]) => [
        header,
        new TokenVerifier({ issuers: ofHeader, checkSignature, clock, onJudged }),
      ]),
    ),
    replays: options.replays ?? new MemoryReplayStore(clock),
    clock,
  });
  return {
    resolve: (request: RequestView, deadlineMs = Infinity) => resolver.resolve(request, deadlineMs),
  };
}

export type Callers = ReturnType<typeof callersWith>;

/** A request with a bearer token, perhaps by a peer. */
export function bearing(token: string, parts: Parameters<typeof requestFrom>[0] = {}) {
  return requestFrom({ ...parts, headers: { authorization: `Bearer ${token}`, ...parts.headers } });
}

/** The reason of a denial, or whom it was found to be. */
export function outcome(answer: Caller | undefined | Denial): string | undefined {
  return answer instanceof Denial ? answer.reason : answer?.principal;
}
