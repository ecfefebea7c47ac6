import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlainYaml } from '../../../../../src/config/yaml/plain-yaml.ts';
import {
  BuiltinDeadline,
  BuiltinError,
  BuiltinHalt,
  BuiltinSuspension,
  type BuiltinCall,
} from '../../../../../src/policy/rego/builtin.ts';
import {
  allowsAddress,
  allowsHost,
  readAllowedHosts,
} from '../../../../../src/policy/rego/builtins/http/allowed-hosts.ts';
import { evaluateWithFetches } from '../../../../../src/policy/rego/builtins/http/evaluate-with-fetches.ts';
import type { Fetcher } from '../../../../../src/policy/rego/builtins/http/fetcher.ts';
import {
  failureAnswer,
  freshUntil,
  httpAnswer,
  type HttpResponse,
} from '../../../../../src/policy/rego/builtins/http/answer.ts';
import { jsonText } from '../../../../../src/policy/rego/builtins/json-text.ts';
import { outsideBuiltins } from '../../../../../src/policy/rego/builtins/http/outside.ts';
import { readJson } from '../../../../../src/policy/rego/builtins/read-json.ts';
import { RegoObject, RegoSet, type RegoValue } from '../../../../../src/policy/rego/value.ts';
import { callOf } from './oracle.ts';

const yaml = { parse: parsePlainYaml };
const allowedHosts = readAllowedHosts(['api.example', 'other.example:8443']);
const builtins = outsideBuiltins(allowedHosts, yaml);

function send(request: object, call: BuiltinCall = callOf()): RegoValue | undefined {
  return builtins['http.send']?.(call, readJson(JSON.stringify(request)));
}

function suspensionOf(request: object): BuiltinSuspension {
  try {
    send(request);
  } catch (error) {
    if (error instanceof BuiltinSuspension) return error;
    throw error;
  }
  throw new Error('nothing was asked');
}

const get = { method: 'get', url: 'https://api.example/x' };

test('a request that has no answer yet suspends the evaluation', () => {
  const { question, key } = suspensionOf(get);
  assert.equal(question.kind, 'http');
  assert.match(key, /^http\.send /);
});

test('a remembered answer is given', () => {
  const call = callOf();
  call.remembered.set(suspensionOf(get).key, 'answer');
  assert.equal(send(get, call), 'answer');
});

test('headers that are to be ignored do not make another request', () => {
  const request = { ...get, cache_ignored_headers: ['trace'] };
  const [one, two] = ['1', '2'].map(
    (trace) => suspensionOf({ ...request, headers: { trace } }).key,
  );
  assert.equal(one, two);
  assert.notEqual(one, suspensionOf({ ...request, headers: { token: '1' } }).key);
});

test('a failure is an error, or an answer where the policy wants one', () => {
  const failure = failureAnswer('eval_http_send_network_error', 'no route');
  for (const [raise_error, expected] of [
    [true, undefined],
    [false, failure],
  ] as const) {
    const request = { ...get, raise_error };
    const call = callOf();
    call.remembered.set(suspensionOf(request).key, failure);
    if (expected === undefined) assert.throws(() => send(request, call), BuiltinError);
    else assert.equal(send(request, call), expected);
  }
});

/** Each with the message that OPA gives, where it refuses the same. */
const refused: readonly [name: string, request: object, message: string][] = [
  ['an unknown parameter', { nope: 1 }, 'operand 1 invalid request parameters(s): {"nope"}'],
  ['headers of another type', { headers: 1 }, 'invalid type for headers key'],
  ['a header of another type', { headers: { a: 1 } }, 'invalid type for headers value 1'],
  ['a timeout that is none', { timeout: 'x' }, 'invalid timeout value "x"'],
  ['cache of another type', { cache: 1 }, 'invalid value for "cache" field'],
  [
    'force_cache without a duration',
    { force_cache: true },
    "'force_cache' set but 'force_cache_duration_seconds' parameter is missing",
  ],
  ['a method that is none', { method: 'G T' }, 'net/http: invalid method "G T"'],
  ['another scheme', { url: 'ftp://api.example' }, 'unsupported protocol scheme "ftp"'],
  [
    'a socket',
    { url: 'unix://localhost/x?socket=%2Ftmp%2Fs' },
    'unsupported protocol scheme "unix"',
  ],
  ['a host that is not allowed', { url: 'https://evil.example/' }, 'disallowed host: evil.example'],
  [
    'a port that is not allowed',
    { url: 'https://other.example/' },
    'disallowed host: other.example',
  ],
  [
    'a host behind a user',
    { url: 'https://api.example@evil.example/' },
    'disallowed host: evil.example',
  ],
  ['a subdomain', { url: 'https://x.api.example/' }, 'disallowed host: x.api.example'],
  ['a file of the server', { tls_ca_cert_file: '/etc/passwd' }, 'tls_ca_cert_file is not allowed'],
  [
    'an environment variable',
    { tls_client_key_env_variable: 'KEY' },
    'tls_client_key_env_variable is not allowed',
  ],
  [
    'TLS that checks nothing',
    { tls_insecure_skip_verify: true },
    'tls_insecure_skip_verify is not allowed',
  ],
];

for (const [name, request, message] of refused) {
  test(`${name} is refused without a question`, () => {
    assert.throws(() => send({ ...get, ...request }), new BuiltinError(message));
    const answer = send({ ...get, ...request, raise_error: false });
    assert.deepEqual(
      answer,
      failureAnswer('eval_http_send_internal_error', `http.send: ${message}`),
    );
  });
}

test('a name is looked up only when it is allowed, and a failure makes it undefined', () => {
  const lookUp = builtins['net.lookup_ip_addr'];
  const call = callOf();
  assert.throws(() => lookUp?.(call, 'evil.example'), BuiltinError);
  assert.throws(() => lookUp?.(call, 'api.example'), BuiltinSuspension);
  call.remembered.set('net.lookup_ip_addr api.example', RegoSet.of(['192.0.2.1']));
  assert.deepEqual(lookUp?.(call, 'api.example'), RegoSet.of(['192.0.2.1']));
  call.remembered.set('net.lookup_ip_addr api.example', null);
  assert.throws(() => lookUp?.(call, 'api.example'), BuiltinError);
});

test('an entry allows its host at any port, or at one', () => {
  const allowed = readAllowedHosts(['Api.Example', 'other.example:443', '[::1]:80']);
  const hosts = [
    'http://api.example:81',
    'https://other.example',
    'http://[::1]/',
    'http://other.example',
    'http://[::1]:81',
  ];
  assert.deepEqual(
    hosts.map((url) => allowsHost(allowed, new URL(url))),
    [true, true, true, false, false],
  );
});

test('a name may not lead to the link, where clouds keep credentials', () => {
  const allowed = readAllowedHosts(['api.example']);
  const addresses = [
    '192.0.2.1',
    '10.0.0.1',
    '169.254.169.254',
    '::ffff:169.254.169.254',
    'fe80::1',
    'x',
  ];
  assert.deepEqual(
    addresses.map((address) => allowsAddress(allowed, address)),
    [true, true, false, false, false, false],
  );
  assert.ok(allowsAddress(readAllowedHosts(['169.254.169.254']), '169.254.169.254'));
});

function response(headers: Record<string, string>, body = '', status = 200) {
  const all = Object.entries(headers).map(([name, value]) => [name, [value]] as const);
  return { status, reason: 'OK', headers: new Map(all), body: Buffer.from(body) };
}

/** What a policy gets when a server answers this. */
function answerWith(given: HttpResponse, more: object = {}, call = callOf()): RegoObject {
  call.remembered.set(suspensionOf({ ...get, ...more }).key, httpAnswer(given));
  const answer = send({ ...get, ...more }, call);
  assert.ok(answer instanceof RegoObject);
  return answer;
}

test('a response is mapped as OPA maps it', () => {
  const json = response(
    { 'content-type': 'application/problem+json; x=y' },
    '{"a":12345678901234567890}',
  );
  assert.equal(
    jsonText(answerWith(json)),
    '{"body":{"a":12345678901234567890},"headers":{"content-type":["application/problem+json; x=y"]},' +
      '"raw_body":"{\\"a\\":12345678901234567890}","status":"200 OK","status_code":200}',
  );
});

const asJson = { force_json_decode: true };
const asYaml = { force_yaml_decode: true };
const bodies: readonly [type: string, body: string, forced: object, read: string][] = [
  ['text/plain', '{}', {}, 'null'],
  ['text/plain', '{}', asJson, '{}'],
  ['application/json', '{', {}, 'null'],
  ['application/json', '', asJson, 'null'],
  ['application/yaml', 'a: [1, x]', {}, '{"a":[1,"x"]}'],
  ['application/x-yaml; charset=utf-8', 'a: 1', {}, '{"a":1}'],
  ['application/yaml', 'a: [', {}, 'null'],
  ['text/yaml', 'a: 1', {}, 'null'],
  ['text/plain', 'a: 1', asYaml, '{"a":1}'],
  ['application/yaml', '{"a": 1}', asJson, '{"a":1}'],
];

for (const [type, body, forced, read] of bodies) {
  const how = Object.keys(forced).join();
  test(`${JSON.stringify(body)} as ${type} ${how} is ${read}`, () => {
    const answer = answerWith(response({ 'content-type': type }, body), forced);
    assert.equal(jsonText(answer.get('body') ?? null), read);
  });
}

test('reading a body takes of the evaluation’s fuel', () => {
  const long = response({ 'content-type': 'application/yaml' }, '- 1\n'.repeat(100_000));
  assert.throws(() => answerWith(long), BuiltinHalt);
});

const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
const dateMs = Date.parse(date);
const told = { kind: 'as-told' } as const;
const forced = { kind: 'forced', seconds: 5 } as const;
const freshness: readonly [
  name: string,
  headers: Record<string, string>,
  caching: Parameters<typeof freshUntil>[1],
  status: number,
  until: number,
][] = [
  [
    'max-age counts from the date',
    { date, 'cache-control': 'private, max-age=60' },
    told,
    200,
    dateMs + 60_000,
  ],
  ['max-age without a date is none', { 'cache-control': 'max-age=60' }, told, 200, 0],
  ['Expires stands without max-age', { expires: date }, told, 200, dateMs],
  ['no-store', { date, 'cache-control': 'no-store, max-age=60' }, told, 200, 0],
  ['no cache is asked for', { date, 'cache-control': 'max-age=60' }, { kind: 'none' }, 200, 0],
  ['a forced cache heeds no header', { 'cache-control': 'no-store' }, forced, 200, 6000],
  ['a status that is not cacheable', {}, forced, 500, 0],
];

for (const [name, headers, caching, status, until] of freshness) {
  test(`freshness: ${name}`, () => {
    assert.equal(freshUntil(response(headers, '', status), caching, 1000), until);
  });
}

function fetcherOf(answers: readonly RegoValue[]): Fetcher & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    answer: (key) => {
      asked.push(key);
      return Promise.resolve(answers[asked.length - 1] ?? null);
    },
  };
}

test('an evaluation starts again for each question, and asks each only once', async () => {
  const fetcher = fetcherOf([RegoObject.of([['n', 1]]), 'second']);
  let evaluations = 0;
  const result = await evaluateWithFetches(
    (remembered) => {
      evaluations += 1;
      const call = callOf(0n, remembered);
      send(get, call);
      send(get, call);
      return send({ ...get, url: 'https://api.example/y' }, call);
    },
    fetcher,
    () => new AbortController().signal,
  );
  assert.equal(result, 'second');
  assert.deepEqual([evaluations, fetcher.asked.length], [3, 2]);
});

test('a policy that makes up questions without end is halted', async () => {
  let n = 0;
  const evaluation = evaluateWithFetches(
    (remembered) => {
      n += 1;
      return send({ ...get, url: `https://api.example/${n}` }, callOf(0n, remembered));
    },
    fetcherOf([]),
    () => new AbortController().signal,
  );
  await assert.rejects(Promise.resolve(evaluation), BuiltinHalt);
  assert.ok(n < 50);
});

test('an answer that does not come is halted at the deadline', async () => {
  const never: Fetcher = { answer: () => Promise.withResolvers<RegoValue>().promise };
  const signal = AbortSignal.timeout(20);
  const evaluation = evaluateWithFetches(
    (remembered) => send(get, callOf(0n, remembered)),
    never,
    () => signal,
  );
  await assert.rejects(Promise.resolve(evaluation), BuiltinDeadline);
});

const noDeadline = () => new AbortController().signal;
const neverAsked = () => assert.fail('nothing was asked');

test('a fault of the policy is passed on as it is, before the first question and after', async () => {
  const fault = new Error('out of fuel');
  const failAfter = (remembered: Map<string, RegoValue>) => {
    if (remembered.size === 1) throw fault;
    return send(get, callOf(0n, remembered));
  };
  const known = new Map<string, RegoValue>([['', null]]);
  assert.throws(
    () => evaluateWithFetches(() => failAfter(known), fetcherOf([]), noDeadline),
    fault,
  );
  await assert.rejects(
    Promise.resolve(evaluateWithFetches(failAfter, fetcherOf(['answer']), noDeadline)),
    fault,
  );
});

test('what asks nothing is evaluated at once', () => {
  assert.equal(
    evaluateWithFetches(() => 'at once', fetcherOf([]), neverAsked),
    'at once',
  );
});
