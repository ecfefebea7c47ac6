import { hash } from 'node:crypto';
import type { VerifiedToken } from '../../domain/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { Denial } from '../../domain/decision.ts';
import type { JsonValue } from '../../domain/json.ts';
import type { TokenIssuerSettings } from '../../domain/token-settings.ts';
import { keyName, type VerificationKey } from '../keys/key-set.ts';
import type { KeySource } from '../keys/key-source.ts';
import { BoundedMap } from './bounded-map.ts';
import { checkClaims, expired } from './claim-checks.ts';
import { type DecodedToken, decodeToken } from './decode-token.ts';
import { principalIn, type TokenPrincipal } from './token-principal.ts';
import type { SignatureCheck } from './signature-check.ts';

/** An issuer whose tokens are believed, with its keys. */
export interface TokenIssuer {
  readonly settings: TokenIssuerSettings;
  readonly keys: KeySource;
}

/** A token whose signature and claims are good; whoever showed it is not judged yet. */
export interface Verified {
  readonly issuer: TokenIssuer;
  readonly token: VerifiedToken;
  readonly principal: TokenPrincipal;
  /** Since 1970. */
  readonly goodUntilMs: number;
}

/** What came of a token, for the metric. */
export type TokenResult = 'verified' | 'remembered' | Denial['reason'];

export interface TokenVerifierOptions {
  /** Of one header, no two with the same `iss`. */
  readonly issuers: readonly TokenIssuer[];
  readonly checkSignature: SignatureCheck;
  readonly clock: Clock;
  /** `issuer` is a configured one, or `other`. */
  readonly onJudged: (issuer: string, result: TokenResult) => void;
}

/** Characters of tokens; what is kept of one takes a few times as much memory. */
const maxRememberedTokens = 8 * 1024 * 1024;
/** Tokens with a bad signature, in a place of their own: they cannot push out a good one. */
const maxRememberedForgeries = 1024;
/** Checks that wait for newer keys at the same time; the others are denied at once. */
const maxWaiting = 32;

interface Remembered extends Verified {
  readonly keyName: string;
  readonly key: VerificationKey;
}

/** Verifies the tokens that come in one header. A token that was verified before costs a digest. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  readonly #issuers: ReadonlyMap<string, TokenIssuer>;
  readonly #remembered = new BoundedMap<Remembered>(maxRememberedTokens);
  /** With the key that they are not signed with. */
  readonly #forged = new BoundedMap<VerificationKey>(maxRememberedForgeries);
  /** By digest, so that a token that comes many times at once is verified once. */
  readonly #underWay = new Map<string, Promise<Verified | Denial>>();
  #waiting = 0;

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    this.#issuers = new Map(options.issuers.map((issuer) => [issuer.settings.issuer, issuer]));
  }

  /** A promise only for a token that was not seen before. */
  verify(text: string): Verified | Denial | Promise<Verified | Denial> {
    const digest = hash('sha256', text, 'base64url');
    const remembered = this.#remembered.get(digest);
    if (remembered !== undefined && isStillSigned(remembered)) {
      const isGood = this.#options.clock.nowMs() < remembered.goodUntilMs;
      return this.#judged(remembered.issuer, isGood ? remembered : expired(), 'remembered');
    }
    this.#remembered.delete(digest);
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const answer = this.#examine(text, digest);
    if (!(answer instanceof Promise)) return answer;
    this.#underWay.set(digest, answer);
    return answer.finally(() => this.#underWay.delete(digest));
  }

  #examine(text: string, digest: string): Verified | Denial | Promise<Verified | Denial> {
    const decoded = decodeToken(text);
    if (decoded === undefined) return this.#judged(undefined, invalid('the token is no JWT'));
    const { iss } = decoded.claims;
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (issuer === undefined) {
      return this.#judged(undefined, invalid('the token is of another issuer'));
    }
    const candidate = candidateFrom(decoded, issuer, this.#options.clock.nowMs());
    if (candidate instanceof Denial) return this.#judged(issuer, candidate);
    const key = issuer.keys.find(candidate.keyName);
    return key === undefined
      ? this.#verifyLater(candidate, digest)
      : this.#verify(candidate, key, digest);
  }

  /** The issuer may have begun to sign with a key that it did not have when it was asked last. */
  #verifyLater(candidate: Candidate, digest: string): Denial | Promise<Verified | Denial> {
    const { issuer, decoded, keyName: name } = candidate;
    const unknown = invalid(`no key ${shown(decoded.header['kid'])} of ${issuer.settings.issuer}`);
    const refreshed = issuer.keys.refresh();
    if (refreshed === undefined || this.#waiting >= maxWaiting) {
      return this.#judged(issuer, unknown);
    }
    this.#waiting += 1;
    return refreshed.then(() => {
      this.#waiting -= 1;
      const key = issuer.keys.find(name);
      return key === undefined
        ? this.#judged(issuer, unknown)
        : this.#verify(candidate, key, digest);
    });
  }

  #verify(
    candidate: Candidate,
    key: VerificationKey,
    digest: string,
  ): Denial | Promise<Verified | Denial> {
    const { issuer, decoded } = candidate;
    const forged = invalid('the signature is not good');
    if (this.#forged.get(digest) === key) return this.#judged(issuer, forged);
    const checking = this.#options.checkSignature(decoded, candidate.algorithm, key.key);
    if (checking instanceof Denial) return this.#judged(issuer, checking);
    return checking.then((isSigned) => {
      if (!isSigned) {
        this.#forged.set(digest, key, 1);
        return this.#judged(issuer, forged);
      }
      const { token, goodUntilMs, principal, keyName: name } = candidate;
      const verified = { issuer, token, goodUntilMs, principal, keyName: name, key };
      this.#remembered.set(digest, verified, decoded.text.length);
      return this.#judged(issuer, verified);
    });
  }

  #judged<T extends Verified | Denial>(
    issuer: TokenIssuer | undefined,
    answer: T,
    good: TokenResult = 'verified',
  ): T {
    const result = answer instanceof Denial ? answer.reason : good;
    this.#options.onJudged(issuer?.settings.issuer ?? 'other', result);
    return answer;
  }
}

/** A token of which only the signature is still to be judged. */
interface Candidate extends Verified {
  readonly decoded: DecodedToken;
  readonly algorithm: string;
  readonly keyName: string;
}

function candidateFrom(
  decoded: DecodedToken,
  issuer: TokenIssuer,
  nowMs: number,
): Candidate | Denial {
  const { settings } = issuer;
  const { alg, kid } = decoded.header;
  const algorithm = settings.algorithms.find((allowed) => allowed === alg);
  if (algorithm === undefined) return invalid(`the token is signed with ${shown(alg)}`);
  if (typeof kid !== 'string') return invalid('the token names no key (kid)');
  const checked = checkClaims(decoded, settings, nowMs);
  if (checked instanceof Denial) return checked;
  const principal = principalIn(checked.token, settings);
  if (principal instanceof Denial) return principal;
  return { issuer, decoded, algorithm, keyName: keyName(algorithm, kid), principal, ...checked };
}

/** Not when the issuer has dropped the key since. */
function isStillSigned({ issuer, keyName: name, key }: Remembered): boolean {
  return issuer.keys.find(name) === key;
}

/** Of what a stranger wrote, for the record. Only a text: what is deep enough has no JSON. */
function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') return 'what is no text';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

function invalid(detail: string): Denial {
  return new Denial('token_invalid', detail);
}
