import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import type { PolicyEngine } from '../../../src/check/ports.ts';
import { jsonText } from '../../../src/domain/json.ts';
import type { PolicyVerdict } from '../../../src/domain/decision/policy.ts';
import { BundleError } from '../../../src/policy/bundle-error.ts';
import type { PolicyBundle } from '../../../src/policy/policy-bundle.ts';
import { readSnapshot } from '../../../src/policy/bundles/contents/read-bundle.ts';
import { BuiltinError, BuiltinHalt, type Builtin } from '../../../src/policy/rego/builtin.ts';
import { RegoObject } from '../../../src/policy/rego/value.ts';
import {
  createPolicyEngine,
  loadPolicyEngine,
  loadPolicyEngines,
  type PolicyEngineOptions,
} from '../../../src/policy/wasm-engine.ts';
import { verdictAtOnce } from './at-once.ts';
import { questionOf, shopCaller } from './http-question.ts';
import { shopDescriptorSet } from './shop-descriptor.ts';

const root = join(import.meta.dirname, '../../..');

function read(path: string): Promise<PolicyBundle> {
  return readSnapshot(readFileSync(join(root, path)));
}

const bundles = {
  example: await read('bundles/example.tar.gz'),
  boolean: await read('test/fixtures/bundles/boolean.tar.gz'),
  echo: await read('test/fixtures/bundles/echo.tar.gz'),
  revisionB: await read('test/fixtures/bundles/revision-b.tar.gz'),
  needsBuiltin: await read('test/fixtures/bundles/needs-builtin.tar.gz'),
  tunnels: await read('test/fixtures/bundles/tunnels.tar.gz'),
  hungry: await read('test/fixtures/bundles/hungry.tar.gz'),
};

type Options = Partial<PolicyEngineOptions> & { readonly decision?: string };

function engineOf(
  bundle: PolicyBundle,
  { decision = 'envoy/authz/allow', ...more }: Options = {},
): PolicyEngine {
  return createPolicyEngine(bundle, decision, { ...engineOptions, ...more });
}

const engineOptions: PolicyEngineOptions = {
  name: 'example',
  skipRequestBodyParse: false,
  maxBodyBytes: 64 * 1024 * 1024,
  maxFuel: 3_000_000,
  reservedHeaderPrefix: 'x-sallyport-',
};

const ordersQuestion = questionOf({ path: '/orders' }, { caller: shopCaller('web') });

function invoiceQuestion(amount: string) {
  const headers = { 'content-type': 'application/json' };
  const http = { method: 'POST', path: '/invoices', headers, body: `{"amount":${amount}}` };
  return questionOf(http, { caller: shopCaller('billing') });
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** The memory of WebAssembly instances is in it, and is given back some time after a collection. */
async function memoryInUse(): Promise<number> {
  collectGarbage();
  await setTimeout(100);
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function reasonOf({ decision }: PolicyVerdict): string {
  return decision.reason;
}

test('the example allows what its rules say, and names the rule', () => {
  const engine = engineOf(bundles.example);
  const verdict = verdictAtOnce(engine, ordersQuestion);
  assert.ok(verdict.decision.outcome === 'allow');
  assert.equal(verdict.rule, 'orders-read');
  const scope = { name: 'x-shop-scope', value: 'orders:read' };
  assert.deepEqual(verdict.decision.edits.requestHeaders, [scope]);
  assert.equal(verdictAtOnce(engine, invoiceQuestion('1000')).rule, 'invoices-write');
});

test('the example denies the rest, and explains a large invoice', () => {
  const engine = engineOf(bundles.example);
  const { request } = ordersQuestion;
  assert.equal(reasonOf(verdictAtOnce(engine, { request, caller: undefined })), 'policy_denied');
  const { decision, reasons } = verdictAtOnce(engine, invoiceQuestion('1000.00000000000000001'));
  assert.ok(decision.outcome === 'deny');
  assert.deepEqual(reasons, ['the invoice is over 1000']);
  assert.equal(decision.response?.httpStatus, 403);
  assert.match(decision.response?.body ?? '', /approval/);
});

test('the identity is the bundle, its revision and the decision', () => {
  assert.deepEqual(engineOf(bundles.example, { name: 'shop' }).identity, {
    name: 'shop',
    revision: bundles.example.revision,
    path: 'envoy/authz/allow',
  });
});

test('true allows, false and undefined deny', () => {
  const engine = engineOf(bundles.boolean);
  const reasons = ['GET', 'DELETE', 'BREW', '__proto__', 'constructor'].map((method) =>
    reasonOf(verdictAtOnce(engine, questionOf({ method }))),
  );
  const denied = 'policy_denied';
  assert.deepEqual(reasons, ['allowed', denied, denied, denied, denied]);
  assert.equal(verdictAtOnce(engine, questionOf({ method: 'BREW' })).result, undefined);
});

test('the verdict has the input that was evaluated', () => {
  const { input, result } = verdictAtOnce(engineOf(bundles.echo), ordersQuestion);
  assert.ok(input);
  assert.deepEqual(result, {
    allowed: true,
    dynamic_metadata: { input: JSON.parse(jsonText(input)) as unknown },
  });
});

test('the verdict has all of the input, and no fuel goes into what the policy cannot read', () => {
  const engine = engineOf(bundles.boolean);
  const headers = { filler: 'x'.repeat(1000) };
  const { input, fuel } = verdictAtOnce(engine, questionOf({ headers }));
  assert.ok(JSON.stringify(input).includes(headers.filler));
  assert.equal(fuel, verdictAtOnce(engine, questionOf({})).fuel);
});

test('a policy reads keys of the prototype, and no others that nobody sent', () => {
  const engine = engineOf(bundles.echo);
  const http = {
    path: '/?__proto__=1&constructor=2',
    headers: { ['__proto__']: '3', toString: '4' },
  };
  const { result } = verdictAtOnce(engine, questionOf(http));
  const text = JSON.stringify(result);
  assert.match(text, /"parsed_query":\{[^}]*"__proto__":\["1"\]/);
  assert.match(text, /"parsed_query":\{[^}]*"constructor":\["2"\]/);
  assert.match(text, /"headers":\{[^}]*"__proto__":"3"/);
  assert.match(text, /"headers":\{[^}]*"toString":"4"/);
});

test('a policy reads half a surrogate pair as U+FFFD', () => {
  const headers = { 'content-type': 'application/json' };
  const body = String.raw`["\ud800", "\ud83d\ude00"]`;
  const { decision } = verdictAtOnce(engineOf(bundles.echo), questionOf({ headers, body }));
  assert.ok(decision.outcome === 'allow');
  assert.match(JSON.stringify(decision.metadata), /"parsed_body":\["\ufffd","😀"\]/);
});

test('a body that cannot be read is a bad request, without an evaluation', () => {
  const verdict = verdictAtOnce(engineOf(bundles.echo), invoiceQuestion('{'));
  assert.equal(reasonOf(verdict), 'bad_request');
  assert.equal(verdict.input, undefined);
});

test('after an evaluation that failed, the next one is right', () => {
  const engine = engineOf(bundles.example);
  for (let round = 0; round < 20; round += 1) {
    const failed = verdictAtOnce(engine, invoiceQuestion('1e999999999'));
    assert.equal(reasonOf(failed), 'policy_unavailable');
    assert.ok(failed.decision.outcome === 'deny');
    assert.match(failed.decision.detail, /the evaluation failed: .*number/);
    assert.ok(failed.input);
    assert.equal(reasonOf(verdictAtOnce(engine, ordersQuestion)), 'allowed');
    assert.equal(reasonOf(verdictAtOnce(engine, invoiceQuestion('1'))), 'allowed');
  }
});

test('an evaluation without end is stopped, says so, and the next one is right', () => {
  const engine = engineOf(bundles.hungry);
  const judge = (path: string) => verdictAtOnce(engine, questionOf({ path }));
  const startedMs = performance.now();
  for (const path of ['/?size=100000&length=1', '/?size=1&length=9000000']) {
    const { decision } = judge(path);
    assert.ok(decision.outcome === 'deny');
    assert.equal(decision.reason, 'policy_unavailable');
    assert.match(
      decision.detail,
      /the evaluation needs more than the 3000000 units of policy\.maxFuel/,
    );
    assert.equal(reasonOf(judge('/?size=1&length=1')), 'allowed');
  }
  assert.ok(performance.now() - startedMs < 5000, 'it took longer than any machine needs');
});

test('the fuel of an evaluation follows from its input alone, and may be limited', () => {
  const hungry = engineOf(bundles.hungry);
  const fuelOf = (path: string) => verdictAtOnce(hungry, questionOf({ path })).fuel;
  const fuel = fuelOf('/?size=99&length=5');
  assert.ok(fuel !== undefined && fuel > 0);
  assert.equal(fuelOf('/?size=99&length=5'), fuel);
  assert.ok((fuelOf('/?size=9&length=5') ?? Infinity) < fuel / 10);
  const question = questionOf({ path: '/?size=99&length=5' });
  const judge = (maxFuel: number) => verdictAtOnce(engineOf(bundles.hungry, { maxFuel }), question);
  assert.equal(reasonOf(judge(fuel)), 'allowed');
  assert.equal(reasonOf(judge(fuel / 2)), 'policy_unavailable');
});

test('what reading a large request takes is not taken from what the policy may use', () => {
  const engine = engineOf(bundles.example, { maxFuel: 10_000 });
  const verdict = verdictAtOnce(engine, listQuestion(100_000));
  assert.equal(reasonOf(verdict), 'policy_denied');
  assert.ok((verdict.fuel ?? 0) > 500_000);
});

test('an engine is loaded aside as it is at once, with much data and with little', async () => {
  for (const size of [1, 20_000]) {
    const shop = Object.fromEntries(
      Array.from({ length: size }, (_, id) => [`item-${id}`, { id }]),
    );
    const json = Buffer.from(JSON.stringify({ shop }));
    const bundle = { ...bundles.example, data: [{ path: [], json }] };
    const engine = await loadPolicyEngine(bundle, 'envoy/authz/allow', engineOptions);
    const other = engineOf(bundle);
    for (const question of [ordersQuestion, invoiceQuestion('1000'), invoiceQuestion('2000')]) {
      assert.deepEqual(verdictAtOnce(engine, question), verdictAtOnce(other, question));
    }
  }
});

test('of several bundles, the one is named whose module cannot serve', async () => {
  const entrypoint = 'envoy/authz/allow';
  const owners = new Map([[entrypoint, 'authz']]);
  await assert.rejects(
    loadPolicyEngine({ ...bundles.needsBuiltin, owners }, entrypoint, engineOptions),
    /^BundleError: bundle authz cannot serve: the policy calls builtins that are not available/,
  );
});

test('decisions of one module share it, and each has its own answer', async () => {
  const wasm = moduleOf(bundles.example);
  const data = [{ path: [], json: Buffer.from(`{"text":"${'x'.repeat(300_000)}"}`) }];
  const engines = await loadPolicyEngines({ ...bundles.example, data }, engineOptions);
  assert.deepEqual([...engines.keys()], [...bundles.example.modules.keys()]);
  for (const [path, engine] of engines) {
    assert.equal(engine.identity.path, path);
    assert.equal(reasonOf(verdictAtOnce(engine, ordersQuestion)), 'allowed');
  }
  const wrong = new Map([...bundles.example.modules, ['shop/allow', wasm]]);
  await assert.rejects(
    loadPolicyEngines({ ...bundles.example, modules: wrong }, engineOptions),
    /no entrypoint shop\/allow/,
  );
});

const answersOfABuiltin: readonly (readonly [answer: string, builtin: Builtin, reason: string])[] =
  [
    ['true', () => RegoObject.of([['package', true]]), 'allowed'],
    ['undefined', () => undefined, 'policy_denied'],
    ['an error', () => raise(new BuiltinError('no module')), 'policy_denied'],
    ['a halt', () => raise(new BuiltinHalt('no more')), 'policy_unavailable'],
    ['a fault of its own', () => raise(new TypeError('no function')), 'policy_unavailable'],
  ];

function raise(error: Error): never {
  throw error;
}

for (const [answer, builtin, reason] of answersOfABuiltin) {
  test(`${answer} of a builtin that another room brings means ${reason}`, () => {
    const engine = engineOf(bundles.needsBuiltin, { builtins: { 'rego.parse_module': builtin } });
    assert.equal(reasonOf(verdictAtOnce(engine, questionOf({}))), reason);
  });
}

test('an answer that nobody can read is a denial, not an exception', () => {
  const filterMetadata = { deep: JSON.parse('['.repeat(600) + ']'.repeat(600)) as unknown };
  const attributes = { metadataContext: { filterMetadata } };
  const verdict = verdictAtOnce(engineOf(bundles.echo), questionOf({}, { attributes }));
  assert.equal(reasonOf(verdict), 'policy_unavailable');
});

test('metadata that nests without end is a denial where it is read, and not an exception', () => {
  const filterMetadata = { deep: JSON.parse('['.repeat(1e5) + ']'.repeat(1e5)) as unknown };
  const attributes = { metadataContext: { filterMetadata } };
  const question = questionOf({}, { attributes });
  assert.equal(reasonOf(verdictAtOnce(engineOf(bundles.echo), question)), 'policy_unavailable');
  assert.equal(reasonOf(verdictAtOnce(engineOf(bundles.revisionB), question)), 'policy_denied');
});

test('memory stays flat over 20,000 evaluations of 64 KiB', async () => {
  const engine = engineOf(bundles.tunnels);
  const question = questionOf({ headers: { 'x-filler': 'x'.repeat(64 * 1024) } });
  const evaluate = (times: number) => {
    for (let round = 0; round < times; round += 1) verdictAtOnce(engine, question);
    return memoryInUse();
  };
  const before = await evaluate(1000);
  const grown = (await evaluate(20_000)) - before;
  assert.ok(grown < 1024 * 1024, `grew by ${grown} bytes`);
});

function listQuestion(length: number) {
  const headers = { 'content-type': 'application/json' };
  const body = `[${Array<string>(length).fill('1').join()}]`;
  return questionOf({ headers, body });
}

test('memory that large requests took is given back', async () => {
  const engine = engineOf(bundles.example);
  const before = await memoryInUse();
  for (let round = 0; round < 3; round += 1) {
    assert.equal(reasonOf(verdictAtOnce(engine, listQuestion(500_000))), 'policy_denied');
  }
  const grown = (await memoryInUse()) - before;
  assert.ok(grown < 16 * 1024 * 1024, `kept ${grown} bytes`);
});

test('a request that needs more memory than there may be is denied, and the next one is right', () => {
  const engine = engineOf(bundles.example);
  assert.equal(reasonOf(verdictAtOnce(engine, listQuestion(3_000_000))), 'policy_unavailable');
  assert.equal(reasonOf(verdictAtOnce(engine, ordersQuestion)), 'allowed');
});

test('requests around the length that shares an instance are judged alike', () => {
  const engine = engineOf(bundles.echo);
  for (const length of [127_000, 128_000, 129_000, 130_000, 131_000, 200_000]) {
    const question = questionOf({ headers: { filler: 'x'.repeat(length) } });
    assert.equal(reasonOf(verdictAtOnce(engine, question)), 'allowed');
  }
});

const contentTypes = [
  'application/json',
  'application/grpc',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  '',
];

const hostileRequest = fc.record({
  path: fc.string({ unit: 'binary' }).map((path) => `/${path}`),
  rawBody: fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`--a\r\n${text}\r\n\r\n--a--`)),
  ),
  headers: fc
    .tuple(
      fc.dictionary(fc.string(), fc.string({ unit: 'binary' })),
      fc.constantFrom(...contentTypes),
    )
    .map(([headers, contentType]) => ({ ...headers, 'content-type': contentType })),
});

test('whatever is sent is judged, and the policy reads what the verdict says it read', () => {
  const engine = engineOf(bundles.echo, { protoDescriptor: shopDescriptorSet() });
  fc.assert(
    fc.property(hostileRequest, (http) => {
      const { decision, input, result } = verdictAtOnce(engine, questionOf(http));
      if (decision.reason === 'bad_request') return;
      assert.equal(decision.reason, 'allowed', JSON.stringify(decision));
      const document = JSON.parse(jsonText(input ?? {})) as unknown;
      assert.deepEqual(result, { allowed: true, dynamic_metadata: { input: document } });
    }),
    { numRuns: 2000 },
  );
});

const refusals: readonly (readonly [
  name: string,
  bundle: PolicyBundle,
  options: Options,
  says: RegExp,
])[] = [
  [
    'needs builtins that are missing',
    bundles.needsBuiltin,
    {},
    /builtins that are not available here: rego\.parse_module \(it needs the compiler/,
  ],
  [
    'has no module',
    { ...bundles.echo, modules: new Map() },
    {},
    /no WASM module: build it with opa build -t wasm -e envoy\/authz\/allow/,
  ],
  [
    'has another entrypoint',
    bundles.echo,
    { decision: 'shop/allow' },
    /no entrypoint shop\/allow: choose one of envoy\/authz\/allow,/,
  ],
  [
    'says that its module has an entrypoint that it has not',
    { ...bundles.echo, modules: new Map([['shop/allow', moduleOf(bundles.echo)]]) },
    { decision: 'shop/allow' },
    /no entrypoint shop\/allow: choose one of envoy\/authz\/allow,/,
  ],
  [
    'has a module that is none',
    { ...bundles.echo, modules: new Map([['envoy/authz/allow', new Uint8Array(8)]]) },
    {},
    /module cannot be loaded/,
  ],
  [
    'has a module of something else',
    {
      ...bundles.echo,
      modules: new Map([['envoy/authz/allow', new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])]]),
    },
    {},
    /module/,
  ],
  [
    'comes with a descriptor that is none',
    bundles.echo,
    { protoDescriptor: Buffer.from('syntax = "proto3";') },
    /not a complete FileDescriptorSet/,
  ],
];

for (const [name, bundle, options, says] of refusals) {
  test(`a bundle that ${name} is refused at load`, () => {
    assert.throws(
      () => engineOf(bundle, options),
      (error: unknown) => {
        assert.ok(error instanceof BundleError, String(error));
        assert.match(error.message, says);
        return true;
      },
    );
  });
}

function moduleOf({ modules }: PolicyBundle): Uint8Array<ArrayBuffer> {
  const [module] = modules.values();
  assert.ok(module);
  return module;
}
