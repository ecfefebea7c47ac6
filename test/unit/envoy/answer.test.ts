import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Denial,
  type DenialResponse,
  type HeaderField,
  noEdits,
  type RequestEdits,
} from '../../../src/domain/decision/decision.ts';
import type { JsonObject } from '../../../src/domain/json.ts';
import type { LimitState } from '../../../src/domain/limits/limit.ts';
import { denialReasons, denied } from '../../../src/domain/decision/reason.ts';
import { createAnswerer } from '../../../src/envoy/answer.ts';
import type {
  AllowResponse,
  CheckResponse,
  DenyResponse,
} from '../../../src/envoy/check-response.ts';
import { completed, decisionId, limitState } from './completed-check.ts';

const answer = createAnswerer({ headerPrefix: 'x-sallyport-' });

function allowed(parts: Parameters<typeof completed>[0] = {}): AllowResponse {
  const response = answer(completed(parts));
  assert.ok(response.outcome === 'allow', JSON.stringify(response));
  return response;
}

function deniedWith(parts: Parameters<typeof completed>[0]): DenyResponse {
  const response = answer(completed(parts));
  assert.ok(response.outcome === 'deny', JSON.stringify(response));
  return response;
}

function edited(edits: Partial<RequestEdits>): CheckResponse {
  const decision = {
    outcome: 'allow',
    reason: 'allowed',
    edits: { ...noEdits, ...edits },
  } as const;
  return answer(completed({ decision }));
}

function refused(response: Partial<DenialResponse>): DenyResponse {
  const decision = new Denial('policy_denied', 'no', { response: { headers: [], ...response } });
  return deniedWith({ decision });
}

function withMetadata(levels: number): CheckResponse {
  let metadata: JsonObject = {};
  for (let level = 1; level < levels; level += 1) metadata = { deeper: metadata };
  const decision = { outcome: 'allow', reason: 'allowed', edits: noEdits, metadata } as const;
  return answer(completed({ decision }));
}

function pairs(fields: readonly HeaderField[]): [string, string][] {
  return fields.map(({ name, value }) => [name, value]);
}

function valueOf(fields: readonly HeaderField[], name: string): string | undefined {
  return fields.find((field) => field.name === name)?.value;
}

test('the upstream is told who decided, for whom, and by which rule', () => {
  assert.deepEqual(pairs(allowed().requestHeaders), [
    ['x-sallyport-decision-id', decisionId],
    ['x-sallyport-caller', 'spiffe://shop.example/ns/shop/sa/web'],
    ['x-sallyport-caller-source', 'peer'],
    ['x-sallyport-policy', 'revision-7'],
    ['x-sallyport-rule', 'web-reads'],
  ]);
});

test('what is not known is not set, and removed from the request', () => {
  const { requestHeaders, requestHeadersToRemove } = allowed({
    caller: undefined,
    rule: undefined,
  });
  assert.deepEqual(
    requestHeaders.map(({ name }) => name),
    ['x-sallyport-decision-id', 'x-sallyport-policy'],
  );
  assert.deepEqual(requestHeadersToRemove, [
    'x-sallyport-caller',
    'x-sallyport-caller-source',
    'x-sallyport-rule',
    'x-sallyport-reason',
  ]);
});

test('whatever a client sends under the prefix is removed, unless it is replaced', () => {
  const names = [
    'x-sallyport-caller',
    'x-sallyport-admin',
    'x_sallyport_caller',
    'x-sallyport_rule',
    'x-sallyport-',
    'x-sallyports',
    'y-x-sallyport-a',
    'accept',
  ];
  const headers = Object.fromEntries(names.map((name) => [name, 'spoofed']));
  assert.deepEqual(allowed({ headers }).requestHeadersToRemove, [
    'x-sallyport-reason',
    'x-sallyport-admin',
    'x_sallyport_caller',
    'x-sallyport_rule',
    'x-sallyport-',
  ]);
});

test('another prefix is another set of names', () => {
  const other = createAnswerer({ headerPrefix: 'Authz.' });
  const response = other(completed({ headers: { 'authz.a': '', authzxa: '' } })) as AllowResponse;
  assert.equal(response.requestHeaders[0]?.name, 'authz.decision-id');
  assert.deepEqual(response.requestHeadersToRemove, ['authz.reason', 'authz.a']);
});

test('a name from a policy cannot break out of its header', () => {
  const rule = 'web\r\nx-admin: 1\0é😀\ud800';
  const { requestHeaders } = allowed({ rule, revision: 'a'.repeat(5_000) });
  assert.equal(
    valueOf(requestHeaders, 'x-sallyport-rule'),
    'web%0D%0Ax-admin: 1%00%C3%A9%F0%9F%98%80%EF%BF%BD',
  );
  assert.equal(valueOf(requestHeaders, 'x-sallyport-policy')?.length, 1024);
});

test('the caller of an allowed request is told the decision’s id and the limits that bind it', () => {
  const states = [
    limitState({ name: 'orders-read', remaining: 50, resetMs: 29_001 }),
    limitState({ name: 'all', quota: 5, windowMs: 500, remaining: 0.5, resetMs: 0 }),
    limitState({ name: 'trial', mode: 'shadow', result: 'over' }),
    limitState({ name: 'lost', result: 'skipped' }),
  ];
  assert.deepEqual(pairs(allowed({ states }).responseHeaders), [
    ['x-sallyport-decision-id', decisionId],
    ['ratelimit', '"orders-read";r=50;t=30, "all";r=0;t=0'],
    ['ratelimit-policy', '"orders-read";q=100;w=60, "all";q=5;w=1'],
  ]);
});

test('a limit’s name is quoted as RFC 9651 has it', () => {
  const states = [limitState({ name: 'a"b\\c\r\né' })];
  assert.match(
    valueOf(allowed({ states }).responseHeaders, 'ratelimit') ?? '',
    /^"a\\"b\\\\c___";/,
  );
});

test('without limits that bind, nothing is said of limits', () => {
  const states = [limitState({ mode: 'shadow' })];
  assert.equal(allowed({ states }).responseHeaders.length, 1);
});

for (const reason of denialReasons) {
  test(`a denial for ${reason} has a code, a status, its headers and a problem as its body`, () => {
    const response = deniedWith({ decision: new Denial(reason, 'a secret of the policy') });
    const { httpStatus, title } = denied[reason];
    assert.ok(response.code > 0);
    assert.equal(response.httpStatus, httpStatus);
    assert.equal(valueOf(response.headers, 'x-sallyport-decision-id'), decisionId);
    assert.equal(valueOf(response.headers, 'x-sallyport-reason'), reason);
    assert.equal(valueOf(response.headers, 'content-type'), 'application/problem+json');
    assert.deepEqual(JSON.parse(response.body), {
      type: `urn:sallyport:reason:${reason}`,
      title,
      status: httpStatus,
      reason,
      decision_id: decisionId,
    });
    assert.ok(!JSON.stringify(response).includes('secret'));
  });
}

function challengeFor(reason: (typeof denialReasons)[number]): string | undefined {
  return valueOf(deniedWith({ decision: new Denial(reason, '') }).headers, 'www-authenticate');
}

test('a 401 says how to authenticate, and names an error only where a token was shown', () => {
  const invalid = 'Bearer realm="sallyport", error="invalid_token"';
  assert.equal(challengeFor('unauthenticated'), 'Bearer realm="sallyport"');
  for (const reason of ['token_invalid', 'token_expired', 'token_replayed'] as const) {
    assert.equal(challengeFor(reason), invalid);
  }
  for (const reason of denialReasons) {
    assert.equal(challengeFor(reason) !== undefined, denied[reason].httpStatus === 401, reason);
  }
});

/** Beside our own names. */
function removed(parts: Parameters<typeof allowed>[0]): readonly string[] {
  return allowed(parts).requestHeadersToRemove.filter((name) => !name.startsWith('x-sallyport-'));
}

test('a token that is not for the upstream is removed, unless the policy puts another there', () => {
  const token = { issuer: 'i', subject: 's', audience: [], scopes: [], claims: {}, expiresAt: 0 };
  const caller = {
    principal: 'orders-client',
    source: 'jwt',
    token: { ...token, keptFromUpstream: 'authorization' },
    user: { ...token, keptFromUpstream: 'x-user-token' },
  } as const;
  assert.deepEqual(removed({ caller }), ['authorization', 'x-user-token']);
  assert.deepEqual(removed({ caller: { ...caller, token, user: token } }), []);
  const edits = { ...noEdits, requestHeaders: [{ name: 'Authorization', value: 'other' }] };
  const decision = { outcome: 'allow', reason: 'allowed', edits } as const;
  assert.deepEqual(removed({ caller, decision }), ['x-user-token']);
});

const waits: readonly [states: Partial<LimitState>[], retryAfter: string | undefined][] = [
  [[{ result: 'over', retryAfterMs: 1 }], '1'],
  [[{ result: 'over', retryAfterMs: 0 }], '1'],
  [[{ result: 'over', retryAfterMs: 1_000 }], '1'],
  [[{ result: 'over', retryAfterMs: 1_001 }], '2'],
  [
    [
      { result: 'over', retryAfterMs: 1_000 },
      { result: 'over', retryAfterMs: 9_500 },
    ],
    '10',
  ],
  [
    [
      { result: 'over', retryAfterMs: 1_000 },
      { result: 'within', retryAfterMs: 9_500 },
    ],
    '1',
  ],
  [
    [
      { result: 'over', retryAfterMs: 1_000 },
      { mode: 'shadow', result: 'over', retryAfterMs: 9e9 },
    ],
    '1',
  ],
  [[{ result: 'over', retryAfterMs: Infinity }], undefined],
  [
    [
      { result: 'over', retryAfterMs: 1_000 },
      { result: 'over', retryAfterMs: Infinity },
    ],
    undefined,
  ],
];

for (const [states, retryAfter] of waits) {
  test(`over the limit, ${JSON.stringify(states)}: retry after ${retryAfter ?? 'no time'}`, () => {
    const decision = new Denial('rate_limited', 'over');
    const { headers } = deniedWith({ decision, states: states.map(limitState) });
    assert.equal(valueOf(headers, 'retry-after'), retryAfter);
    assert.ok(valueOf(headers, 'ratelimit'));
    assert.ok(valueOf(headers, 'ratelimit-policy'));
  });
}

test('only a denial by a limit speaks of limits', () => {
  const decision = new Denial('deadline_exceeded', 'late');
  const { headers } = deniedWith({ decision, states: [limitState({})] });
  assert.equal(valueOf(headers, 'ratelimit'), undefined);
  assert.equal(valueOf(headers, 'retry-after'), undefined);
});

test('a denial before anything is known is answered too', () => {
  const decision = new Denial('bad_request', 'not protobuf');
  const nothing = { caller: undefined, rule: undefined, states: undefined, headers: undefined };
  assert.deepEqual(deniedWith({ decision, ...nothing }).metadata, {
    decision_id: decisionId,
    reason: 'bad_request',
    policy: 'revision-7',
  });
});

test('a policy’s status, headers and body are its own', () => {
  const headers = [
    { name: 'Content-Type', value: 'text/plain' },
    { name: 'set-cookie', value: 'a=1' },
    { name: 'set-cookie', value: 'b=2' },
  ];
  const response = refused({ httpStatus: 426, headers, body: 'No.' });
  assert.equal(response.httpStatus, 426);
  assert.equal(response.body, 'No.');
  assert.deepEqual(pairs(response.headers).slice(2), [
    ['Content-Type', 'text/plain'],
    ['set-cookie', 'a=1'],
    ['set-cookie', 'b=2'],
  ]);
});

test('a policy’s body without a type has none; our body has ours alone', () => {
  assert.equal(valueOf(refused({ body: 'No.' }).headers, 'content-type'), undefined);
  const headers = [{ name: 'Content-Type', value: 'text/plain' }];
  assert.deepEqual(pairs(refused({ headers }).headers).slice(2), [
    ['content-type', 'application/problem+json'],
  ]);
});

test('an empty body of a policy is its body', () => {
  assert.equal(refused({ body: '' }).body, '');
});

test('a policy’s edits are made', () => {
  const response = edited({
    requestHeaders: [{ name: 'x-tenant', value: 'shop' }],
    requestHeadersToRemove: ['authorization'],
    responseHeaders: [{ name: 'x-served-by', value: 'orders' }],
    queryParametersToSet: [{ key: 'tenant', value: 'a%20b' }],
    queryParametersToRemove: ['debug'],
  });
  assert.ok(response.outcome === 'allow');
  assert.deepEqual(response.requestHeaders[0], { name: 'x-tenant', value: 'shop' });
  assert.deepEqual(response.requestHeadersToRemove.at(-1), 'authorization');
  assert.deepEqual(response.responseHeaders.at(-1), {
    name: 'x-served-by',
    value: 'orders',
    append: false,
  });
  assert.deepEqual(response.queryParametersToSet, [{ key: 'tenant', value: 'a%20b' }]);
  assert.deepEqual(response.queryParametersToRemove, ['debug']);
});

test('several values of one request header are joined into one', () => {
  const response = edited({
    requestHeaders: [
      { name: 'x-role', value: 'user' },
      { name: 'cookie', value: 'a=1' },
      { name: 'X-Role', value: 'admin' },
      { name: 'cookie', value: 'b=2' },
    ],
  });
  assert.ok(response.outcome === 'allow');
  assert.deepEqual(pairs(response.requestHeaders).slice(0, 2), [
    ['x-role', 'user,admin'],
    ['cookie', 'a=1; b=2'],
  ]);
});

test('a response header replaces the upstream’s, a second one and any cookie stand beside', () => {
  const response = edited({
    responseHeaders: [
      { name: 'vary', value: 'origin' },
      { name: 'Vary', value: 'accept' },
      { name: 'set-cookie', value: 'a=1' },
      { name: 'set-cookie', value: 'b=2' },
    ],
  });
  assert.ok(response.outcome === 'allow');
  assert.deepEqual(
    response.responseHeaders.slice(1).map(({ value, append }) => [value, append]),
    [
      ['origin', false],
      ['accept', true],
      ['a=1', true],
      ['b=2', true],
    ],
  );
});

const faultyEdits: readonly [what: string, edits: Partial<RequestEdits>][] = [
  ['a split header', { requestHeaders: [{ name: 'x-a', value: 'b\r\nx-admin: 1' }] }],
  ['a pseudo-header', { requestHeaders: [{ name: ':path', value: '/admin' }] }],
  ['the host', { requestHeaders: [{ name: 'Host', value: 'admin' }] }],
  ['a header under our prefix', { requestHeaders: [{ name: 'x-sallyport-tenant', value: 'a' }] }],
  ['our own header', { requestHeaders: [{ name: 'X-Sallyport-Caller', value: 'admin' }] }],
  [
    'our own header, otherwise spelt',
    { responseHeaders: [{ name: 'x_sallyport_rule', value: '' }] },
  ],
  [
    'too many headers',
    { responseHeaders: Array.from({ length: 65 }, () => ({ name: 'a', value: '' })) },
  ],
  ['removal of our own header', { requestHeadersToRemove: ['x-sallyport-caller'] }],
  ['removal of a pseudo-header', { requestHeadersToRemove: [':method'] }],
  ['removal of the host', { requestHeadersToRemove: ['host'] }],
  ['a second query parameter', { queryParametersToSet: [{ key: 'a', value: 'b&admin=1' }] }],
  ['a fragment', { queryParametersToSet: [{ key: 'a', value: 'b#c' }] }],
  ['a space', { queryParametersToSet: [{ key: 'a b', value: '' }] }],
  ['a parameter without a name', { queryParametersToSet: [{ key: '', value: 'a' }] }],
  ['a bad escape', { queryParametersToSet: [{ key: 'a', value: '%zz' }] }],
];

for (const [what, edits] of faultyEdits) {
  test(`an allow that asks for ${what} is not made`, () => {
    assert.throws(() => edited(edits));
  });
}

const faultyDenials: readonly [what: string, response: Partial<DenialResponse>][] = [
  ['a split header', { headers: [{ name: 'x-a', value: 'b\nc' }] }],
  ['our own header', { headers: [{ name: 'x-sallyport-reason', value: 'allowed' }] }],
  ['status 0', { httpStatus: 0 }],
  ['status 100', { httpStatus: 100 }],
  ['status 299', { httpStatus: 299 }],
  ['half a status', { httpStatus: 403.5 }],
  ['no number', { httpStatus: Number.NaN }],
];

for (const [what, response] of faultyDenials) {
  test(`a denial that asks for ${what} is not made`, () => {
    assert.throws(() => refused(response));
  });
}

test('metadata holds the decision, over what the policy says', () => {
  const decision = {
    outcome: 'allow',
    reason: 'allowed',
    edits: noEdits,
    metadata: { tenant: 'shop', caller: 'forged', reason: 'forged' },
  } as const;
  const { metadata } = allowed({ decision, states: [limitState({ name: 'a', remaining: 3 })] });
  assert.deepEqual(metadata, {
    tenant: 'shop',
    decision_id: decisionId,
    reason: 'allowed',
    policy: 'revision-7',
    caller: 'spiffe://shop.example/ns/shop/sa/web',
    rule: 'web-reads',
    limits: [{ name: 'a', mode: 'enforce', result: 'within', remaining: 3 }],
  });
});

test('metadata that Envoy’s parser would refuse is not sent for it to drop', () => {
  assert.equal(withMetadata(30).outcome, 'allow');
  assert.throws(() => withMetadata(31), /nested deeper/);
});

test('a decision that is neither is denied', () => {
  const decision = { outcome: 'maybe', reason: 'internal' } as never;
  assert.equal(answer(completed({ decision })).outcome, 'deny');
});
