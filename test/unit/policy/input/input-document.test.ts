import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeContext } from '../../../../src/domain/request/attributes.ts';
import { Denial } from '../../../../src/domain/decision/decision.ts';
import type { JsonObject } from '../../../../src/domain/json.ts';
import type { PolicyQuestion } from '../../../../src/domain/decision/policy.ts';
import { inputDocument } from '../../../../src/policy/input/input-document.ts';
import { jsonText } from '../../../../src/domain/json.ts';
import { requestFrom } from '../../request-fixture.ts';
import { questionOf, shopCaller } from '../http-question.ts';

const anyBody = { maxBodyBytes: Infinity, readsBody: true };

function documentOf(question: PolicyQuestion): JsonObject {
  const document = inputDocument(question, {
    skipRequestBodyParse: false,
    ...anyBody,
    grpcMethods: undefined,
  });
  assert.ok(!(document instanceof Denial), document instanceof Denial ? document.detail : '');
  return document;
}

/** What the policy reads, as it reads it. */
function readBack(question: PolicyQuestion): Record<string, unknown> {
  return JSON.parse(jsonText(documentOf(question))) as Record<string, unknown>;
}

const targets: readonly (readonly [target: string, path: string[], query: object])[] = [
  // The cases that opa-envoy-plugin's own tests have.
  ['/my/test/path', ['my', 'test', 'path'], {}],
  ['/my/test/path?a=1', ['my', 'test', 'path'], { a: ['1'] }],
  ['/my/test/path?a=1&a=2', ['my', 'test', 'path'], { a: ['1', '2'] }],
  ['/my/test/path?a=1&b=2', ['my', 'test', 'path'], { a: ['1'], b: ['2'] }],
  ['/my/test/path?a=1&a=new%0aline', ['my', 'test', 'path'], { a: ['1', 'new\nline'] }],
  ['%2Fmy%2Ftest%2Fpath?a=1&a=new%0aline', ['my', 'test', 'path'], { a: ['1', 'new\nline'] }],
  ['//x/people', ['x', 'people'], {}],
  ['//admin/dashboard', ['admin', 'dashboard'], {}],
  ['//x/people?a=1', ['x', 'people'], { a: ['1'] }],
  // And those that they leave out.
  ['', [''], {}],
  ['/', [''], {}],
  ['/a/', ['a', ''], {}],
  ['/a//b', ['a', '', 'b'], {}],
  ['/a/../b;c', ['a', '..', 'b;c'], {}],
  ['/a%3Fb?c?d=1', ['a?b'], { 'c?d': ['1'] }],
  ['*', ['*'], {}],
];

for (const [target, path, query] of targets) {
  test(`${target} is parsed as ${JSON.stringify(path)} and ${JSON.stringify(query)}`, () => {
    const document = readBack(questionOf({ path: target }));
    assert.deepEqual(document['parsed_path'], path);
    assert.deepEqual(document['parsed_query'], query);
  });
}

for (const target of ['/%zz', '/a?b=%zz', '/a?b;c']) {
  test(`${target} is a bad request`, () => {
    const options = { skipRequestBodyParse: true, ...anyBody, grpcMethods: undefined };
    const document = inputDocument(questionOf({ path: target }), options);
    assert.ok(document instanceof Denial && document.reason === 'bad_request');
  });
}

test('the source principal is there when Envoy names one', () => {
  const principals = ['spiffe://test-domain/path', ''].map((principal) =>
    readBack({ request: requestFrom({ principal }), caller: undefined }),
  );
  const anonymous = readBack({ request: requestFrom({}), caller: undefined });
  assert.deepEqual(
    [...principals, anonymous].map((document) => document['source_principal']),
    ['spiffe://test-domain/path', undefined, undefined],
  );
});

test('the version is the one of the v3 protocol', () => {
  const version = { ext_authz: 'v3', encoding: 'protojson' };
  assert.deepEqual(readBack(questionOf({}))['version'], version);
});

test('the caller is what was verified, in the words of the contract', () => {
  assert.deepEqual(readBack(questionOf({}, { caller: shopCaller('web') }))['caller'], {
    principal: 'spiffe://shop.example/ns/shop/sa/web',
    source: 'peer',
    spiffe: {
      trustDomain: 'shop.example',
      path: '/ns/shop/sa/web',
      namespace: 'shop',
      serviceAccount: 'web',
    },
  });
  const plain = { principal: 'CN=web', source: 'xfcc' } as const;
  assert.deepEqual(readBack(questionOf({}, { caller: plain }))['caller'], plain);
});

test('what a verified token says is with the caller', () => {
  const token = {
    issuer: 'https://tokens.example',
    subject: 'orders-client',
    audience: ['orders'],
    scopes: ['orders:read'],
    claims: { iss: 'https://tokens.example', amr: ['mfa'] },
    expiresAt: 1_767_225_600,
  };
  const kept = { ...token, keptFromUpstream: 'authorization' };
  const caller = { principal: 'orders-client', source: 'jwt', token: kept, user: token } as const;
  assert.deepEqual(readBack(questionOf({}, { caller }))['caller'], {
    principal: 'orders-client',
    source: 'jwt',
    token,
    user: token,
  });
  const partner = { principal: 'spiffe://partner/x', source: 'peer', federated: true } as const;
  assert.deepEqual(readBack(questionOf({}, { caller: partner }))['caller'], partner);
});

test('an unknown caller is absent, whatever the request claims', () => {
  const claims: AttributeContext = {
    source: { principal: 'spiffe://shop.example/ns/shop/sa/web' },
  };
  const http = { headers: { caller: 'spiffe://shop.example/ns/shop/sa/web' } };
  assert.ok(!('caller' in documentOf(questionOf(http, { attributes: claims }))));
});

test('the request is the normalised view', () => {
  const request = requestFrom({ method: 'PUT', path: '/a%20b', segments: ['a b'] });
  assert.deepEqual(readBack({ request, caller: undefined })['request'], {
    method: 'PUT',
    path: '/a%20b',
    segments: ['a b'],
    host: 'orders.shop',
    service: 'orders',
  });
});

test('a tunnel and a connection have no path, so no rule for / is about them', () => {
  for (const [kind, method] of [
    ['connect', 'CONNECT'],
    ['network', ''],
  ] as const) {
    const request = requestFrom({ kind, method, path: '', segments: [] });
    assert.deepEqual(readBack({ request, caller: undefined })['request'], {
      method,
      host: 'orders.shop',
      service: 'orders',
    });
  }
});

test('attributes are as Envoy sent them, headers as every stage reads them, bytes as base64', () => {
  const request = requestFrom({
    headers: { a: 'as the reader joined them' },
    attributes: {
      source: { address: { socketAddress: { address: '10.0.0.1', portValue: 80 } } },
      request: {
        time: { seconds: 1, nanos: 2 },
        http: {
          method: 'GET',
          headers: { A: '1' },
          rawBody: Buffer.from([0xff, 0]),
          headerMap: {
            headers: [
              { key: 'a', rawValue: Buffer.from('1') },
              { key: 'b', value: '2' },
            ],
          },
        },
      },
      contextExtensions: { service: 'orders' },
      metadataContext: {
        filterMetadata: { jwt: { sub: 'web' } },
        typedFilterMetadata: { any: { typeUrl: 'type', value: Buffer.from('x') }, empty: {} },
      },
      routeMetadataContext: { typedFilterMetadata: { ['__proto__']: { typeUrl: 't' } } },
      tlsSession: { sni: 'shop' },
    },
  });
  assert.equal(
    JSON.stringify(readBack({ request, caller: undefined })['attributes']),
    JSON.stringify({
      source: { address: { socketAddress: { address: '10.0.0.1', portValue: 80 } } },
      request: {
        time: { seconds: 1, nanos: 2 },
        http: {
          method: 'GET',
          headers: { a: 'as the reader joined them' },
          rawBody: '/wA=',
          headerMap: {
            headers: [
              { key: 'a', rawValue: 'MQ==' },
              { key: 'b', value: '2' },
            ],
          },
        },
      },
      contextExtensions: { service: 'orders' },
      metadataContext: {
        filterMetadata: { jwt: { sub: 'web' } },
        typedFilterMetadata: { any: { typeUrl: 'type', value: 'eA==' }, empty: {} },
      },
      routeMetadataContext: { typedFilterMetadata: { ['__proto__']: { typeUrl: 't' } } },
      tlsSession: { sni: 'shop' },
    }),
  );
});

test('with raw headers, a policy finds the headers where it always does', () => {
  const http = { headerMap: { headers: [{ key: 'a', rawValue: Buffer.from('1') }] } };
  const request = requestFrom({ headers: { a: '1' }, attributes: { request: { http } } });
  assert.deepEqual(readBack({ request, caller: undefined })['attributes'], {
    request: {
      http: { headerMap: { headers: [{ key: 'a', rawValue: 'MQ==' }] }, headers: { a: '1' } },
    },
  });
});

test('headers with names of the prototype are headers', () => {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  Object.assign(headers, { ['constructor']: 'a' });
  headers['__proto__'] = 'b';
  const text = jsonText(documentOf(questionOf({ headers })));
  assert.match(text, /"headers":\{"constructor":"a","__proto__":"b"\}/);
});

test('a check of the network filter has no HTTP, and is otherwise alike', () => {
  const request = requestFrom({ kind: 'network', method: '', path: '', principal: 'spiffe://a/b' });
  const document = readBack({ request, caller: undefined });
  assert.deepEqual(document['attributes'], { source: { principal: 'spiffe://a/b' } });
  assert.deepEqual(document['parsed_path'], ['']);
  assert.equal(document['parsed_body'], null);
});
