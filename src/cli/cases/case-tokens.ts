import type { GivenToken } from '../../app/callers/given-tokens.ts';
import type { Config } from '../../config/config.ts';
import type { CaseToken, DecisionCase } from '../../config/access/load-cases.ts';
import type { TokenIssuerSettings, TokenKind } from '../../domain/identity/token-settings.ts';
import { hintOfNearest } from '../../config/schema/nearest.ts';
import { UsageError } from '../usage-error.ts';

/** The tokens that cases give, and their issuers. */
export interface CaseTokens {
  readonly issuers: ReadonlySet<string>;
  of(decisionCase: DecisionCase): readonly GivenToken[];
}

/** @throws {UsageError} for a token that the configuration could not know, with every such problem. */
export function givenTokensOf(
  file: string,
  cases: readonly DecisionCase[],
  { identity: { jwt } }: Config,
): CaseTokens {
  const faults = cases.flatMap((each) =>
    tokensOf(each).flatMap(([kind, { issuer }]) => {
      const fault = issuerFault(kind, issuer, jwt);
      return fault === undefined ? [] : [`${file}:${each.line}: ${each.name}: ${fault}`];
    }),
  );
  if (faults.length > 0) throw new UsageError(faults.join('\n'));
  return {
    issuers: new Set(cases.flatMap((each) => tokensOf(each).map(([, { issuer }]) => issuer))),
    of: (each) =>
      tokensOf(each).map(
        ([, { issuer, subject = each.request.principal ?? '', scopes, claims }]) => ({
          issuer,
          subject,
          scopes,
          claims: Object.fromEntries(claims),
        }),
      ),
  };
}

function tokensOf({
  request: { token, user },
}: DecisionCase): readonly (readonly [TokenKind, CaseToken])[] {
  return [
    ...(token ? [['service', token] as const] : []),
    ...(user ? [['user', user] as const] : []),
  ];
}

const keyOf: Readonly<Record<TokenKind, string>> = { service: 'token', user: 'user' };

function issuerFault(
  kind: TokenKind,
  issuer: string,
  jwt: readonly TokenIssuerSettings[],
): string | undefined {
  const known = jwt.find((settings) => settings.issuer === issuer);
  if (known === undefined) {
    const hint = hintOfNearest(
      issuer,
      jwt.map((settings) => settings.issuer),
    );
    return `${keyOf[kind]}.issuer: identity.jwt has no ${issuer}${hint}`;
  }
  return known.kind === kind
    ? undefined
    : `${keyOf[kind]}: tokens of ${issuer} are of kind ${known.kind}; write ${keyOf[known.kind]}`;
}
