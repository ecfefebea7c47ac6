import type { CallerResolver } from '../check/ports.ts';
import type { Caller } from '../domain/identity/caller.ts';
import type { Clock } from '../domain/clock.ts';
import { Denial } from '../domain/decision/decision.ts';
import type { CallerRequirement } from '../domain/identity/identity-settings.ts';
import { headerOf, type RequestView } from '../domain/request/request.ts';
import type { PeerResolver } from './peer/peer-resolver.ts';
import { unauthenticated } from './peer/principal.ts';
import { type Payer, payerOf } from './tokens/budget/payer.ts';
import type { ReplayStore } from './replay/replay-store.ts';
import { spendToken } from './replay/spend-token.ts';
import { bindingFault, type Presenter } from './tokens/binding.ts';
import { tokenInHeader } from './tokens/token-in-header.ts';
import type { TokenVerifier, Verified } from './tokens/token-verifier.ts';

export interface CallerResolverOptions {
  readonly require: CallerRequirement;
  readonly peers: PeerResolver;
  readonly federatedTrustDomains: ReadonlySet<string>;
  /** By the header that tokens come in. */
  readonly tokens: ReadonlyMap<string, TokenVerifier>;
  readonly replays: ReplayStore;
  readonly clock: Clock;
}

/**
 * Knows the caller by the certificate of the peer, by tokens, or by both. A token that is shown
 * must be good, also where none is required. Answers at once but for tokens that are new here, or
 * good for one use only.
 */
export function createCallerResolver(options: CallerResolverOptions): CallerResolver {
  const { peers, tokens } = options;
  return {
    resolve(request, deadlineMs) {
      const peer = peers.resolve(request);
      if (peer instanceof Denial && peer.reason !== 'unauthenticated') return peer;
      const shown =
        tokens.size === 0
          ? noTokens
          : shownTokens(request, tokens, payerOf(peer, request), deadlineMs);
      if (shown instanceof Denial) return shown;
      if (shown.length === 0) return callerOf(peer, undefined, options);
      const judge = (verified: readonly (Verified | Denial)[]) =>
        judgeTokens(verified, peer, request, options);
      const settled = shown.filter(isSettled);
      if (settled.length === shown.length) return judge(settled);
      return Promise.all(shown.map((each) => Promise.resolve(each))).then(judge);
    },
  };
}

type Judged = Verified | Denial;

const noTokens: readonly Judged[] = [];

function shownTokens(
  request: RequestView,
  tokens: ReadonlyMap<string, TokenVerifier>,
  payer: Payer,
  deadlineMs: number,
): readonly (Judged | Promise<Judged>)[] | Denial {
  const shown: (Judged | Promise<Judged>)[] = [];
  for (const [header, verifier] of tokens) {
    const text = tokenInHeader(header, headerOf(request, header));
    if (text instanceof Denial) return text;
    if (text !== undefined) shown.push(verifier.verify(text, payer, deadlineMs));
  }
  return shown;
}

function isSettled(each: Judged | Promise<Judged>): each is Judged {
  return !(each instanceof Promise);
}

function judgeTokens(
  judged: readonly Judged[],
  peer: Caller | Denial,
  request: RequestView,
  options: CallerResolverOptions,
): Caller | undefined | Denial | Promise<Caller | undefined | Denial> {
  const presenter = presenterOf(peer, request, options.peers);
  const verified: Verified[] = [];
  for (const each of judged) {
    if (each instanceof Denial) return each;
    const fault = bindingFault(each, presenter);
    if (fault !== undefined) return new Denial('token_invalid', fault);
    verified.push(each);
  }
  const [service, second] = verified.filter(isService);
  const [user, secondUser] = verified.filter((each) => !isService(each));
  if (second !== undefined || secondUser !== undefined) {
    return new Denial('token_invalid', 'there are two tokens of one kind');
  }
  const caller = callerOf(peer, service, options);
  if (caller instanceof Denial || caller === undefined) return caller;
  const known = user === undefined ? caller : { ...caller, user: user.token };
  const single = verified.filter(({ issuer }) => issuer.settings.replay !== undefined);
  return single.length === 0 ? known : spendAll(single, known, options);
}

function isService({ issuer }: Verified): boolean {
  return issuer.settings.kind === 'service';
}

function presenterOf(peer: Caller | Denial, request: RequestView, peers: PeerResolver): Presenter {
  if (peer instanceof Denial) return { peer: undefined, certificateHash: () => undefined };
  return { peer, certificateHash: () => peers.certificateHash(request, peer) };
}

/** Where both are known, the peer is the caller, unless only the token is asked for. */
function callerOf(
  peer: Caller | Denial,
  service: Verified | undefined,
  { require, federatedTrustDomains }: CallerResolverOptions,
): Caller | undefined | Denial {
  const named = service && callerNamedBy(service, federatedTrustDomains);
  const known = peer instanceof Denial ? undefined : withToken(peer, service);
  switch (require) {
    case 'peer':
      return known ?? peer;
    case 'token':
      return named ?? noToken;
    case 'either':
      return known ?? named ?? peer;
    case 'none':
      return known ?? named;
    default:
      return require satisfies never;
  }
}

const noToken = unauthenticated('the caller showed no token');

function withToken(peer: Caller, service: Verified | undefined): Caller {
  return service === undefined ? peer : { ...peer, token: service.token };
}

function callerNamedBy(
  { principal: { name, spiffe }, token }: Verified,
  federatedTrustDomains: ReadonlySet<string>,
): Caller {
  const caller: Caller = { principal: name, source: 'jwt', token };
  if (spiffe === undefined) return caller;
  const isFederated = federatedTrustDomains.has(spiffe.trustDomain);
  return { ...caller, spiffe, ...(isFederated && { federated: true }) };
}

async function spendAll(
  verified: readonly Verified[],
  caller: Caller,
  { replays, clock }: CallerResolverOptions,
): Promise<Caller | Denial> {
  for (const each of verified) {
    const refusal = await spendToken(each, replays, clock);
    if (refusal !== undefined) return refusal;
  }
  return caller;
}
