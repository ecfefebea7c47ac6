import { hash } from 'node:crypto';
import type { VerifiedToken } from '../../domain/identity/caller.ts';
import type { Clock } from '../../domain/clock.ts';
import { Denial } from '../../domain/decision/decision.ts';
import type { JsonObject, JsonValue } from '../../domain/json.ts';
import { parseSpiffeId } from '../../domain/identity/spiffe-id.ts';
import type { TokenIssuerSettings } from '../../domain/identity/token-settings.ts';
import { keyName, type VerificationKey } from '../keys/key-set.ts';
import type { KeySource } from '../keys/key-source.ts';
import { BoundedMap } from './bounded-map.ts';
import { FairPlaces } from './budget/fair-places.ts';
import type { Payer } from './budget/payer.ts';
import { checkClaims, untimeliness } from './claim-checks.ts';
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
  readonly goodFromMs: number;
  readonly goodUntilMs: number;
}

/** What came of a token, for the metric. */
export type TokenResult = 'verified' | 'remembered' | Denial['reason'];

export interface TokenVerifierOptions {
  /** Of one header, no two with the same name. */
  readonly issuers: readonly TokenIssuer[];
  readonly checkSignature: SignatureCheck;
  readonly clock: Clock;
  /** `issuer` is a configured one, or `other`. */
  readonly onJudged: (issuer: string, result: TokenResult) => void;
}

/** Characters of tokens; what is kept of one takes a few times as much memory. */
const maxRememberedTokens = 8 * 1024 * 1024;
/**
 * Tokens with a bad signature, in a place of their own: they cannot push out a good one. Who pushes
 * out somebody else's pays for it with verifications of its own.
 */
const maxRememberedForgeries = 1024;
/** Checks that wait for newer keys at the same time; the others are denied at once. */
const maxWaiting = 64;

/** The key that a signature was judged by. */
interface Judgement {
  readonly issuer: TokenIssuer;
  readonly keyName: string;
  readonly key: VerificationKey;
}

/** Verifies the tokens that come in one header. A token that was verified before costs a digest. */
export class TokenVerifier {
  readonly #options: TokenVerifierOptions;
  /** By `iss`. */
  readonly #issuers: ReadonlyMap<string, TokenIssuer>;
  /** Those whose keys are of one trust domain's bundle, by that. */
  readonly #trustDomains: ReadonlyMap<string, TokenIssuer>;
  readonly #remembered = new BoundedMap<Verified & Judgement>(maxRememberedTokens);
  readonly #forged = new BoundedMap<Judgement>(maxRememberedForgeries);
  /**
   * Verifications by digest, so that a token that comes many times at once is verified once. Not
   * while it waits for a key: one that is repeated would make any number of checks wait.
   */
  readonly #underWay = new Map<string, Promise<Verified | Denial>>();
  readonly #waiting = new FairPlaces(maxWaiting);

  constructor(options: TokenVerifierOptions) {
    this.#options = options;
    const issuers = new Map<string, TokenIssuer>();
    const trustDomains = new Map<string, TokenIssuer>();
    for (const issuer of options.issuers) {
      const { issuer: name, keys } = issuer.settings;
      if (keys.kind === 'trustBundle') trustDomains.set(keys.trustDomain, issuer);
      else issuers.set(name, issuer);
    }
    this.#issuers = issuers;
    this.#trustDomains = trustDomains;
  }

  /**
   * A promise only for a token that was not seen before. `deadlineMs` is on the monotonic clock.
   */
  verify(
    text: string,
    payer: Payer,
    deadlineMs: number,
  ): Verified | Denial | Promise<Verified | Denial> {
    const digest = hash('sha256', text, 'base64url');
    const remembered = this.#remembered.get(digest);
    if (remembered !== undefined && isStillTheKey(remembered)) {
      const untimely = untimeliness(remembered, this.#options.clock.nowMs());
      return this.#judged(remembered.issuer, untimely ?? remembered, 'remembered');
    }
    const forged = this.#forged.get(digest);
    if (forged !== undefined && isStillTheKey(forged)) {
      return this.#judged(forged.issuer, badlySigned);
    }
    return this.#underWay.get(digest) ?? this.#examine(text, { digest, payer, deadlineMs });
  }

  #examine(
    text: string,
    presentation: Presentation,
  ): Verified | Denial | Promise<Verified | Denial> {
    const decoded = decodeToken(text);
    if (decoded instanceof Denial) return this.#judged(undefined, decoded);
    const issuer = this.#issuerOf(decoded.claims);
    if (issuer === undefined) {
      return this.#judged(undefined, invalid('the token is of another issuer'));
    }
    const candidate = candidateFrom(decoded, issuer, this.#options.clock.nowMs());
    if (candidate instanceof Denial) return this.#judged(issuer, candidate);
    const key = issuer.keys.find(candidate.keyName);
    return key === undefined
      ? this.#verifyLater(candidate, presentation)
      : this.#verify(candidate, key, presentation);
  }

  /**
   * A JWT-SVID need not name its issuer, and what it names proves nothing: a key speaks for the
   * trust domain in whose bundle it is, so that of `sub` says which keys may have signed it
   * (JWT-SVID §4, §5).
   */
  #issuerOf({ iss, sub }: JsonObject): TokenIssuer | undefined {
    const named = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (named !== undefined || typeof sub !== 'string') return named;
    const spiffe = parseSpiffeId(sub);
    return spiffe && this.#trustDomains.get(spiffe.trustDomain);
  }

  /** The issuer may have begun to sign with a key that it did not have when it was asked last. */
  #verifyLater(
    candidate: Candidate,
    presentation: Presentation,
  ): Denial | Promise<Verified | Denial> {
    const { issuer, keyName: name } = candidate;
    const { payer, deadlineMs } = presentation;
    const refreshed = issuer.keys.refresh(deadlineMs);
    if (refreshed === undefined || !this.#waiting.take(payer.group)) {
      return this.#judged(issuer, unknownKey(candidate));
    }
    return refreshed.then(() => {
      this.#waiting.giveBack(payer.group);
      const key = issuer.keys.find(name);
      return key === undefined
        ? this.#judged(issuer, unknownKey(candidate))
        : this.#verify(candidate, key, presentation);
    });
  }

  #verify(
    candidate: Candidate,
    key: VerificationKey,
    { digest, payer }: Presentation,
  ): Denial | Promise<Verified | Denial> {
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const { issuer, decoded: token, algorithm } = candidate;
    const checking = this.#options.checkSignature({ token, algorithm, key: key.key, payer });
    if (checking instanceof Denial) return this.#judged(issuer, checking);
    const verifying = checking
      .then((isSigned) => this.#judged(issuer, this.#remember(candidate, key, digest, isSigned)))
      .finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, verifying);
    return verifying;
  }

  #remember(
    candidate: Candidate,
    key: VerificationKey,
    digest: string,
    isSigned: boolean,
  ): Verified | Denial {
    const { decoded, algorithm: _alreadyUsed, ...verified } = candidate;
    const good = { ...verified, key };
    // The issuer may have dropped the key meanwhile, and the token have expired.
    if (!isStillTheKey(good)) return unknownKey(candidate);
    if (!isSigned) {
      this.#forged.set(digest, { issuer: good.issuer, keyName: good.keyName, key }, 1);
      return badlySigned;
    }
    this.#remembered.set(digest, good, decoded.text.length);
    return untimeliness(good, this.#options.clock.nowMs()) ?? good;
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

/** One time that a token was shown: on whose account, and until when an answer is of use. */
interface Presentation {
  readonly digest: string;
  readonly payer: Payer;
  readonly deadlineMs: number;
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

/** Not when the issuer has dropped it since. */
function isStillTheKey({ issuer, keyName: name, key }: Judgement): boolean {
  return issuer.keys.find(name) === key;
}

/** Of what a stranger wrote, for the record. Only a text: what is deep enough has no JSON. */
function shown(value: JsonValue | undefined): string {
  if (value === undefined) return 'nothing';
  if (typeof value !== 'string') return 'what is no text';
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}

function unknownKey({ issuer, decoded }: Candidate): Denial {
  return invalid(`no key ${shown(decoded.header['kid'])} of ${issuer.settings.issuer}`);
}

function invalid(detail: string): Denial {
  return new Denial('token_invalid', detail);
}

const badlySigned = invalid('the signature is not good');
