import type { CallerResolver } from '../../check/ports.ts';
import type { Problem } from '../../config/problem.ts';
import { readText } from '../../config/yaml/read-file.ts';
import type { CertificateFacts } from '../../domain/identity/certificate-facts.ts';
import type { Clock } from '../../domain/clock.ts';
import type { IdentitySettings } from '../../domain/identity/identity-settings.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';
import { createCallerResolver } from '../../identity/caller-resolver.ts';
import { emptinessOf, readKeySet } from '../../identity/keys/key-set.ts';
import type { KeyServers } from '../../identity/keys/key-servers.ts';
import { fixedKeys, type KeySource } from '../../identity/keys/key-source.ts';
import { createPeerResolver } from '../../identity/peer/peer-resolver.ts';
import type { ReplayStore } from '../../identity/replay/replay-store.ts';
import { createSignatureCheck } from '../../identity/tokens/signature-check.ts';
import {
  type TokenIssuer,
  TokenVerifier,
  type TokenVerifierOptions,
} from '../../identity/tokens/token-verifier.ts';
import { type Loaded, loadedFrom, problemsOf } from '../../config/loaded.ts';

/** What callers are known with. It all outlives a reload. */
export interface CallerSurroundings {
  readonly keyServers: KeyServers;
  readonly replays: ReplayStore;
  readonly clock: Clock;
  readonly onTokenJudged: TokenVerifierOptions['onJudged'];
  /** Told of the certificates that Envoy sends of callers. */
  readonly onCertificate: (facts: CertificateFacts) => void;
}

/** The files of an issuer's keys are read here; its server is asked in the background. */
export async function loadCallers(
  settings: IdentitySettings,
  surroundings: CallerSurroundings,
): Promise<Loaded<CallerResolver>> {
  const issuers: TokenIssuer[] = [];
  const problems: Problem[] = [];
  for (const issuer of settings.jwt) {
    const keys = await loadKeys(issuer, surroundings.keyServers);
    problems.push(...problemsOf(keys));
    if ('value' in keys) issuers.push({ settings: issuer, keys: keys.value });
  }
  if (problems.length > 0) return { problems };
  const { clock, replays, onCertificate } = surroundings;
  return {
    value: createCallerResolver({
      require: settings.require,
      peers: createPeerResolver(settings, onCertificate),
      federatedTrustDomains: new Set(settings.federatedTrustDomains),
      tokens: verifiersByHeader(issuers, settings, surroundings),
      replays,
      clock,
    }),
  };
}

/** The files that the keys of issuers are in. */
export function keyFiles({ jwt }: IdentitySettings): string[] {
  return jwt.flatMap(({ keys }) => (keys.kind === 'file' ? [keys.path] : []));
}

async function loadKeys(
  issuer: TokenIssuerSettings,
  keyServers: KeyServers,
): Promise<Loaded<KeySource>> {
  const { keys: settings, algorithms } = issuer;
  if (settings.kind !== 'file') return { value: keyServers.keysOf(issuer, settings) };
  return loadedFrom(settings.path, async () => {
    const keys = await readKeySet(readText(settings.path), algorithms);
    const fault = emptinessOf(keys, algorithms);
    if (fault !== undefined) throw new Error(fault);
    return fixedKeys(keys);
  });
}

function verifiersByHeader(
  issuers: readonly TokenIssuer[],
  settings: IdentitySettings,
  { clock, onTokenJudged }: CallerSurroundings,
): ReadonlyMap<string, TokenVerifier> {
  const budget = { perSecond: settings.maxVerificationsPerSecond, concurrent: maxConcurrent };
  const checkSignature = createSignatureCheck(budget, clock);
  const byHeader = Map.groupBy(issuers, (issuer) => issuer.settings.header);
  return new Map(
    Array.from(byHeader, ([header, ofHeader]) => {
      const options = { issuers: ofHeader, checkSignature, clock, onJudged: onTokenJudged };
      return [header, new TokenVerifier(options)];
    }),
  );
}

/**
 * Node verifies on four threads; more would only wait for them, past their deadlines. A peer alone
 * has half.
 */
const maxConcurrent = 1024;
