import {
  type AccessDocument,
  type AccessRule,
  type AccessService,
  type AllowRule,
  takesConnections,
} from '../../domain/access/access.ts';
import {
  formatPrincipalPattern,
  type PrincipalPattern,
} from '../../domain/identity/principal-pattern.ts';
import { parseSpiffeId } from '../../domain/identity/spiffe-id.ts';
import { compared, type ComparedRule } from './compared-rule.ts';
import { NearRules } from './near-rules.ts';
import { leavesNothing, ruleCovers } from './rule-covers.ts';

/** What is odd about a document that can be served. */
export interface Finding {
  /** In the document's file. */
  readonly line: number;
  /** `services.orders.allow.web-reads`. */
  readonly path: string;
  /** A problem is a rule that does not do what it says; a warning, one that may do more than meant. */
  readonly severity: 'problem' | 'warning';
  readonly message: string;
}

/** What the document is used with. */
export interface AnalysisContext {
  /** Undefined: not known here. */
  readonly limits?: ReadonlySet<string>;
  /** Also federated ones. */
  readonly trustDomains?: ReadonlySet<string>;
  readonly nowMs: number;
}

/** Rules that can never answer, names that nothing has, and rules that allow very much. */
export function findingsIn(
  { services }: AccessDocument,
  context: AnalysisContext,
): readonly Finding[] {
  return services.flatMap((service) => [
    ...serviceFindings(service),
    ...service.deny.flatMap((rule) => ruleFindings(service, rule, 'deny', context)),
    ...service.allow.flatMap((rule) => ruleFindings(service, rule, 'allow', context)),
    ...shadowFindings(service),
    ...service.allow.flatMap((rule) => breadthFindings(service, rule)),
  ]);
}

function serviceFindings({ name, line, allow }: AccessService): readonly Finding[] {
  if (allow.length > 0) return [];
  const message = 'has no rule that allows anything, so nobody can call it';
  return [{ line, path: `services.${name}`, severity: 'warning', message }];
}

type Said = Pick<Finding, 'severity' | 'message'>;

function findingOf(
  service: AccessService,
  rule: AccessRule,
  list: 'allow' | 'deny',
  said: Said,
): Finding {
  return { line: rule.line, path: `services.${service.name}.${list}.${rule.name}`, ...said };
}

function ruleFindings(
  service: AccessService,
  rule: AccessRule & Pick<AllowRule, 'limits'>,
  list: 'allow' | 'deny',
  { limits, trustDomains, nowMs }: AnalysisContext,
): readonly Finding[] {
  const unknownLimits = (rule.limits ?? []).filter((limit) => limits?.has(limit) === false);
  const strangers = [...(rule.from ?? []), ...(rule.unless?.from ?? [])].filter((pattern) =>
    isOfAnother(pattern, trustDomains),
  );
  const endMs = rule.when?.notAfterMs ?? Infinity;
  const messages = [
    ...unknownLimits.map((limit) => `names the limit ${limit}, which limits.yaml has not`),
    ...strangers.map(
      (pattern) =>
        `names ${formatPrincipalPattern(pattern)}, whose trust domain is not in identity.trustDomains or federatedTrustDomains, so it is nobody`,
    ),
    ...(rule.tcp !== undefined && service.hosts !== undefined && !takesConnections(service)
      ? ['is for connections that are not HTTP, which name no host; give the service principals']
      : []),
    ...(endMs < nowMs ? [`ended at ${new Date(endMs).toISOString()}, and never matches`] : []),
  ];
  return messages.map((message) =>
    findingOf(service, rule, list, { severity: 'problem', message }),
  );
}

function isOfAnother(
  pattern: PrincipalPattern,
  trustDomains: ReadonlySet<string> | undefined,
): boolean {
  if (pattern.kind === 'any' || trustDomains === undefined) return false;
  const id = parseSpiffeId(pattern.kind === 'exact' ? pattern.principal : pattern.parent);
  return id !== undefined && !trustDomains.has(id.trustDomain);
}

function shadowFindings(service: AccessService): readonly Finding[] {
  const denying = new NearRules();
  for (const rule of service.deny) denying.add(compared(rule, 'closes'));
  const earlier = new NearRules();
  return service.allow.flatMap((allowed) => {
    const rule = compared(allowed, 'opens');
    const message = shadowMessage(coveringIn(denying, rule), coveringIn(earlier, rule), rule);
    earlier.add(rule);
    const said: Said = { severity: 'problem', message: message ?? '' };
    return message === undefined ? [] : [findingOf(service, allowed, 'allow', said)];
  });
}

function coveringIn(rules: NearRules, rule: ComparedRule): ComparedRule | undefined {
  for (const other of rules.near(rule)) if (ruleCovers(other, rule)) return other;
  return undefined;
}

function shadowMessage(
  denying: ComparedRule | undefined,
  covering: ComparedRule | undefined,
  rule: ComparedRule,
): string | undefined {
  if (leavesNothing(rule)) return 'never answers: its own unless leaves nothing of it';
  if (denying !== undefined) return `never allows anything: ${denying.rule.name} denies all of it`;
  if (covering === undefined) return undefined;
  const { name, line } = covering.rule;
  return ruleCovers(rule, covering)
    ? `never answers: it matches the same as ${name} (line ${line})`
    : `never answers: ${name} (line ${line}), before it, allows all of it`;
}

function breadthFindings(service: AccessService, rule: AllowRule): readonly Finding[] {
  const isEverywhere = rule.paths?.includes('/**') ?? (rule.grpc ?? rule.tcp) === undefined;
  const everybody = rule.from.filter(
    (pattern) =>
      pattern.kind === 'any' || (pattern.kind === 'under' && isWholeDomain(pattern.parent)),
  );
  const messages = [
    ...(isEverywhere ? ['allows every path; name those that are needed'] : []),
    ...everybody.map(
      (pattern) => `is for ${formatPrincipalPattern(pattern)}; name those who need it`,
    ),
  ];
  return messages.map((message) =>
    findingOf(service, rule, 'allow', { severity: 'warning', message }),
  );
}

function isWholeDomain(parent: string): boolean {
  return parseSpiffeId(parent)?.path === '';
}
