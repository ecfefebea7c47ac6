import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { compared } from '../../../src/access/analysis/compared-rule.ts';
import { NearRules } from '../../../src/access/analysis/near-rules.ts';
import { leavesNothing, ruleCovers } from '../../../src/access/analysis/rule-covers.ts';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import type { AccessService } from '../../../src/domain/access/access.ts';
import { type Clock, systemClock } from '../../../src/domain/clock.ts';
import { type Asked, documentOf, engineOf, judge } from './access-fixture.ts';

/** Some of a few values, so that two lists often have to do with each other. */
function some<T>(...values: T[]): fc.Arbitrary<T[]> {
  return fc.subarray(values, { minLength: 1, maxLength: Math.min(3, values.length) });
}

const x = 'spiffe://prod/ns/a/sa/x';
const from = some(
  '*',
  'spiffe://prod/ns/*',
  'spiffe://prod/ns/a/*',
  x,
  'spiffe://prod/ns/b/sa/y',
  'me',
);
const methods = some('GET', 'HEAD', 'POST', 'CONNECT', 'OPTIONS');
const paths = some(
  '/',
  '/a',
  '/a/',
  '/a/{x}',
  '/a/b',
  '/a/**',
  '/**',
  '/{x}',
  '/{x}/{y}',
  '/p.S/M',
);
const values = fc.oneof(fc.constant('*'), some('', '1', '2'));
const named = fc.dictionary(fc.constantFrom('h', 'k'), values, { minKeys: 1 });
const blocks = some(
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.3',
  '0.0.0.0/0',
  'fe80::/10',
  'fe80::1:2',
  '::/0',
);
const times = some(
  { from: '08:00', to: '18:00' },
  { days: ['mon', 'fri'], from: '09:00', to: '12:00' },
  { days: ['sun'], from: '22:00', to: '10:00' },
  { from: '00:00', to: '24:00', timeZone: 'Asia/Tokyo' },
);
const ports = some(1, 2);
const hosts = some('a', 'b');

type Parts = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/** What has to do with each other: parts of a rule by where they stand in it. */
const subjects: readonly Parts[] = [
  { from, 'unless.from': from },
  { methods, 'unless.methods': methods },
  { paths, 'unless.paths': paths },
  { headers: named, 'unless.headers': named },
  { 'when.sourceIps': blocks, 'unless.sourceIps': blocks },
  { 'when.ports': ports, 'unless.ports': ports },
  { 'when.hosts': hosts, 'unless.hosts': hosts },
  { 'when.claims': named, 'unless.claims': named },
  { scopes: some('r', 'w') },
  { 'when.times': times },
  {
    'when.notBefore': fc.constantFrom('2026-01-01T00:00:00Z', '2026-02-10T00:00:00Z'),
    'when.notAfter': fc.constantFrom('2026-02-12T00:00:00Z', '2026-04-01T00:00:00Z'),
  },
  { grpc: some('p.S/M', 'p.S/*', 'p.T/M'), methods },
];
const ofConnections: readonly Parts[] = [
  { 'tcp.ports': some(1, 2, 3), 'when.ports': ports, 'unless.ports': ports },
  { 'when.sourceIps': blocks, 'unless.sourceIps': blocks },
  { from, 'unless.from': from },
];

type WrittenRule = Readonly<Record<string, unknown>>;

/** Some of the parts, each in its place. */
function ruleOfParts(parts: Parts): fc.Arbitrary<WrittenRule> {
  return fc.record(parts, { requiredKeys: [] }).map((chosen) => {
    const rule: Record<string, unknown> = {};
    for (const [path, value] of Object.entries<unknown>(chosen)) {
      const [key = '', inner] = path.split('.');
      rule[key] = inner === undefined ? value : { ...sectionAt(rule, key), [inner]: value };
    }
    return { from: ['*'], ...rule };
  });
}

function sectionAt(rule: WrittenRule, key: string): object {
  const section = rule[key];
  return typeof section === 'object' && section !== null ? section : {};
}

/** Two rules about one or two subjects. */
function pairAbout(all: readonly Parts[]): fc.Arbitrary<readonly [WrittenRule, WrittenRule]> {
  return fc.subarray([...all], { minLength: 1, maxLength: 2 }).chain((about) => {
    const rule = ruleOfParts(about.reduce((parts, more) => ({ ...parts, ...more }), {}));
    return fc.tuple(rule, rule);
  });
}

const pair = fc
  .oneof({ weight: 8, arbitrary: pairAbout(subjects) }, pairAbout(ofConnections))
  .filter((rules) => rules.every(isWellFormed));

/** As src/config/access has it: other rules are refused when they are read. */
function isWellFormed({ paths: called, grpc, tcp, methods: verbs }: WrittenRule): boolean {
  const kinds = [called, grpc, tcp].filter((kind) => kind !== undefined).length;
  return kinds <= 1 && !(grpc !== undefined && verbs !== undefined);
}

const asked: fc.Arbitrary<Question> = fc
  .record({
    from: fc.constantFrom(x, x, 'spiffe://prod/ns/a/sa/z', 'spiffe://prod/ns/b/sa/y', 'me'),
    method: fc.constantFrom('GET', 'GET', 'HEAD', 'POST', 'PUT', 'CONNECT', 'OPTIONS'),
    path: fc.constantFrom(
      '/',
      '/a',
      '/a/',
      '/a/b',
      '/a/b',
      '/a/c',
      '/a/b/c',
      '/c',
      '/p.S/M',
      '/p.S/N',
      '*',
    ),
    host: fc.constantFrom('a', 'a', 'b', ''),
    headers: fc.record(
      {
        h: fc.constantFrom('1', '2', '1, 2', '', '1,3'),
        k: fc.constantFrom('1', '2', '2,1', ',1'),
        'content-type': fc.constantFrom('application/grpc', 'text/plain'),
      },
      { requiredKeys: [] },
    ),
    sourceIp: fc.constantFrom(
      '10.1.2.3',
      '10.1.9.9',
      '10.9.9.9',
      '192.0.2.1',
      '::ffff:10.1.2.3',
      '::ffff:a01:203',
      'fe80::1:2%eth0',
      '2001:db8::1',
      '',
    ),
    port: fc.constantFrom(0, 1, 1, 2, 3),
    kind: fc.constantFrom('http', 'http', 'http', 'http', 'connect', 'network'),
    token: fc.constantFrom(
      undefined,
      { scopes: ['r', 'w'], claims: { h: '1', k: ['2', '1'] } },
      { scopes: ['r'], claims: { h: ['1', '3'], k: '' } },
    ),
    atMs: fc
      .constantFrom(
        '2026-01-05T09:30:00Z',
        '2026-02-06T11:59:00Z',
        '2026-02-15T23:00:00Z',
        '2026-02-16T08:00:00Z',
        '2026-03-15T12:00:00Z',
        '2025-12-01T10:00:00Z',
      )
      .map(Date.parse),
  })
  .map(({ kind, token, ...rest }) => ({
    ...rest,
    ...(kind === 'network' && { kind }),
    // Nothing else has that for a path: src/envoy/request-view.ts.
    ...(rest.path === '*' && { method: 'OPTIONS' }),
    ...(kind === 'connect' && { kind, method: 'CONNECT', path: '' }),
    ...(token && { token }),
  }));

type Question = Asked & { readonly atMs: number };

interface Compared {
  readonly wide: WrittenRule;
  readonly narrow: WrittenRule;
  readonly effect: 'opens' | 'closes';
}

const comparison: fc.Arbitrary<Compared> = fc
  .record({
    pair,
    effect: fc.constantFrom('opens' as const, 'closes' as const),
  })
  .map(({ pair: [wide, narrow], effect }) => ({ wide, narrow, effect }));

/** One service for each rule; what is called says which. */
function documentWith(pairs: readonly Compared[]): string {
  const services = pairs.flatMap(({ wide, narrow, effect }, at) => [
    serviceWith(`w${at}`, effect === 'opens' ? 'allow' : 'deny', wide),
    serviceWith(`n${at}`, 'allow', narrow),
  ]);
  return JSON.stringify({ version: 1, services });
}

function serviceWith(name: string, list: 'allow' | 'deny', rule: WrittenRule): object {
  return { name, contextExtensions: { called: name }, [list]: [{ name: 'r', ...rule }] };
}

function ruleOf({ deny, allow }: AccessService) {
  const [rule] = [...deny, ...allow];
  assert.ok(rule !== undefined);
  return rule;
}

test('a rule that is said to be covered matches nothing that the covering one does not', async () => {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => nowMs };
  const judged = { covered: 0, matched: 0 };
  const judgeOne = (engine: PolicyEngine, { atMs, ...question }: Question, called: string) => {
    nowMs = atMs;
    return judge(engine, { ...question, extensions: { called } });
  };
  const compare = async (pairs: readonly Compared[], questions: readonly Question[]) => {
    const whole = documentOf(documentWith(pairs)).services;
    const covered = pairs.filter(({ effect }, at) => {
      const [wide, narrow] = whole.slice(2 * at).map(ruleOf);
      assert.ok(wide !== undefined && narrow !== undefined);
      return ruleCovers(compared(wide, effect), compared(narrow, 'opens'));
    });
    judged.covered += covered.length;
    if (covered.length === 0) return;
    const engine = await engineOf(documentOf(documentWith(covered)), clock);
    for (const [at, { effect, ...rules }] of covered.entries()) {
      for (const question of questions) {
        if (judgeOne(engine, question, `n${at}`) !== 'allow r') continue;
        judged.matched += 1;
        const answer = judgeOne(engine, question, `w${at}`);
        const wanted = effect === 'opens' ? 'allow r' : 'policy_denied r';
        assert.equal(answer, wanted, JSON.stringify({ effect, ...rules, question }));
      }
    }
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(comparison, { minLength: 300, maxLength: 300 }),
      fc.array(asked, { minLength: 60, maxLength: 60 }),
      compare,
    ),
    { numRuns: 10, endOnFailure: true },
  );
  assert.ok(judged.covered > 100, `only ${judged.covered} rules were covered`);
  assert.ok(judged.matched > 200, `only ${judged.matched} requests matched, which shows little`);
});

test('a rule that is said to leave nothing by its own exceptions matches nothing', async () => {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, nowMs: () => nowMs };
  let empty = 0;
  const ask = async (pairs: readonly Compared[], questions: readonly Question[]) => {
    const { services } = documentOf(documentWith(pairs));
    const nothing = pairs.filter((_, at) => {
      const narrow = services[2 * at + 1];
      return narrow !== undefined && leavesNothing(compared(ruleOf(narrow), 'opens'));
    });
    empty += nothing.length;
    if (nothing.length === 0) return;
    const engine = await engineOf(documentOf(documentWith(nothing)), clock);
    for (const [at, { narrow }] of nothing.entries()) {
      for (const { atMs, ...question } of questions) {
        nowMs = atMs;
        const answer = judge(engine, { ...question, extensions: { called: `n${at}` } });
        assert.equal(answer, 'no_rule', JSON.stringify({ narrow, question }));
      }
    }
  };
  await fc.assert(
    fc.asyncProperty(
      fc.array(comparison, { minLength: 300, maxLength: 300 }),
      fc.array(asked, { minLength: 60, maxLength: 60 }),
      ask,
    ),
    { numRuns: 4, endOnFailure: true },
  );
  assert.ok(empty > 50, `only ${empty} rules left nothing`);
});

test('whatever covers a rule is near it', () => {
  fc.assert(
    fc.property(fc.array(comparison, { minLength: 20, maxLength: 20 }), (pairs) => {
      const rules = documentOf(documentWith(pairs)).services.map(ruleOf);
      const near = new NearRules();
      const wide = rules.map((rule) => compared(rule, 'opens'));
      for (const rule of wide) near.add(rule);
      for (const rule of wide) {
        const found = new Set(near.near(rule));
        const missed = wide.filter((other) => ruleCovers(other, rule) && !found.has(other));
        assert.deepEqual(missed, []);
      }
    }),
    { numRuns: 20, endOnFailure: true },
  );
});
