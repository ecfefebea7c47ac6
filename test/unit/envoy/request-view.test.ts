import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AttributeContext, HttpAttributes } from '../../../src/domain/request/attributes.ts';
import { Denial } from '../../../src/domain/decision/decision.ts';
import { pathAmbiguities, type PathAmbiguity } from '../../../src/domain/request/path.ts';
import type { RequestView } from '../../../src/domain/request/request.ts';
import { decodeCheckRequest } from '../../../src/envoy/decode-check-request.ts';
import { createRequestReader } from '../../../src/envoy/request-view.ts';
import { envoyRequest } from './envoy-request.ts';
import { upstreamCheckRequest } from './protos.ts';

const reader = createRequestReader({ relaxedPaths: [] });

function read(http: HttpAttributes, rest: AttributeContext = {}): RequestView | Denial {
  return reader.read({ ...rest, request: { http: { method: 'GET', path: '/', ...http } } });
}

function view(http: HttpAttributes, rest: AttributeContext = {}): RequestView {
  const result = read(http, rest);
  assert.ok(!(result instanceof Denial), result instanceof Denial ? result.detail : '');
  return result;
}

function reasonOf(http: HttpAttributes): string {
  const result = read(http);
  return result instanceof Denial ? result.reason : 'none';
}

function relaxed(relaxedPaths: readonly PathAmbiguity[], path: string): unknown {
  return createRequestReader({ relaxedPaths }).read({ request: { http: { method: 'GET', path } } });
}

function to(principal: string): AttributeContext {
  return { destination: { principal } };
}

function partial(value: string): HttpAttributes {
  return { headers: { 'x-envoy-auth-partial-body': value } };
}

test('a request as Envoy sends it becomes one view', () => {
  const attributes = decodeCheckRequest(upstreamCheckRequest.encode(envoyRequest));
  assert.ok(attributes !== undefined);
  const { headers, body, attributes: kept, ...rest } = reader.read(attributes) as RequestView;
  assert.deepEqual(rest, {
    kind: 'http',
    method: 'GET',
    path: '/orders/7',
    query: 'expand=lines',
    segments: ['orders', '7'],
    host: 'orders.shop.svc.cluster.local',
    service: 'orders',
    sourceAddress: '10.1.2.3',
  });
  assert.equal(body.state, 'absent');
  assert.equal(headers['accept'], 'application/json');
  assert.equal(headers[':path'], '/orders/7?expand=lines');
  assert.equal(kept, attributes);
});

test('a check without http is one of the network filter', () => {
  const attributes: AttributeContext = {
    source: { address: { socketAddress: { address: '10.0.0.1' } } },
    destination: { principal: 'spiffe://shop.example/ns/shop/sa/ledger' },
  };
  const { kind, method, path, segments, service, sourceAddress } = reader.read(
    attributes,
  ) as RequestView;
  assert.deepEqual(
    { kind, method, path, segments, service, sourceAddress },
    {
      kind: 'network',
      method: '',
      path: '',
      segments: [],
      service: 'ledger',
      sourceAddress: '10.0.0.1',
    },
  );
  assert.equal((reader.read({}) as RequestView).kind, 'network');
  assert.equal((reader.read({ request: {} }) as RequestView).kind, 'network');
});

test('CONNECT has no path; with one it is a request like any other', () => {
  const connect = reader.read({
    request: { http: { method: 'CONNECT', host: 'orders.shop:443' } },
  }) as RequestView;
  assert.equal(connect.kind, 'connect');
  assert.equal(connect.path, '');
  assert.equal(connect.host, 'orders.shop');
  const extended = view({ method: 'CONNECT', path: '/socket' });
  assert.equal(extended.kind, 'http');
  assert.deepEqual(extended.segments, ['socket']);
});

test('OPTIONS * asks about the server, and its path is not that of /', () => {
  const server = view({ method: 'OPTIONS', path: '*' });
  assert.deepEqual([server.kind, server.path, server.segments], ['http', '*', ['*']]);
  assert.equal(reasonOf({ method: 'GET', path: '*' }), 'bad_request');
});

test('bad requests are denied: without a method, or with a path that is none', () => {
  assert.ok(reader.read({ request: { http: {} } }) instanceof Denial);
  for (const method of ['delete', 'Post', 'connect', '', 'GE T', 'GET\n', 'GET,POST', 'GÉT']) {
    assert.equal(reasonOf({ method }), 'bad_request', method);
  }
  const paths = [
    '',
    'orders',
    '?x=1',
    'http://admin/',
    '/a b',
    '/a\tb',
    '/a\0',
    '/a\r\nb',
    '/a\x7f',
  ];
  for (const path of [...paths, '/a?b c', '/a?b\0', '/\ufffd']) {
    assert.equal(reasonOf({ path }), 'bad_request', JSON.stringify(path));
  }
});

test('a path that can be read in two ways is denied, and named in the detail', () => {
  const denial = read({ path: '/orders/../admin' });
  assert.ok(denial instanceof Denial);
  assert.equal(denial.reason, 'ambiguous_path');
  assert.match(denial.detail, /dot-segment/);
});

test('an ambiguity is let through when it is relaxed', () => {
  const matrix = relaxed(['semicolon'], '/orders;v=1') as RequestView;
  assert.deepEqual(matrix.segments, ['orders;v=1']);
  const all = relaxed(pathAmbiguities, '//a/..%2f%zz\\;#') as RequestView;
  assert.deepEqual(all.segments, ['', 'a', '..%2f%zz\\;#']);
  assert.ok(relaxed(['semicolon'], '/orders;v=1/..') instanceof Denial);
});

test('the host is Envoy’s, else the authority’s, else the header’s; one that is unclear is denied', () => {
  assert.equal(view({ host: 'Orders.shop.:80', headers: { host: 'admin' } }).host, 'orders.shop');
  assert.equal(view({ headers: { ':authority': 'A.shop', host: 'b.shop' } }).host, 'a.shop');
  assert.equal(view({ headers: { host: 'B.shop:1' } }).host, 'b.shop');
  assert.equal(view({}).host, '');
  assert.equal(reasonOf({ host: 'orders.shop,admin.shop' }), 'bad_request');
});

test('headers in two forms that differ are a bad request', () => {
  const headerMap = { headers: [{ key: 'x-a', value: 'a' }] };
  assert.equal(reasonOf({ headers: { 'X-A': 'a' }, headerMap }), 'none');
  assert.equal(reasonOf({ headers: { 'x-a': 'b' }, headerMap }), 'bad_request');
});

test('the service is the operator’s word, else the account in the certificate', () => {
  const uri = 'spiffe://shop.example/ns/shop/sa/orders';
  assert.equal(view({}, to(uri)).service, 'orders');
  assert.equal(view({}, to('shop.example/ns/shop/sa/orders')).service, 'orders');
  assert.equal(view({}, to('CN=orders')).service, '');
  assert.equal(view({}, { ...to(uri), contextExtensions: { service: 'a' } }).service, 'a');
  assert.equal(view({}, { ...to(uri), contextExtensions: { other: 'a' } }).service, 'orders');
});

test('the body is whole, cut, or not there', () => {
  const states: readonly [HttpAttributes, string, string][] = [
    [{}, 'absent', ''],
    [{ body: '{"a":1}' }, 'complete', '{"a":1}'],
    [{ rawBody: Buffer.from('raw') }, 'complete', 'raw'],
    [{ ...partial('false'), body: 'é' }, 'complete', 'é'],
    [partial('false'), 'complete', ''],
    [{ ...partial('true'), body: '{"a":1}' }, 'partial', '{"a":1}'],
    [partial('true'), 'partial', ''],
    [{ ...partial('false,true'), body: '{}' }, 'partial', '{}'],
  ];
  for (const [http, state, text] of states) {
    const { body } = view(http);
    assert.equal(body.state, state);
    assert.equal(Buffer.from(body.bytes).toString(), text);
  }
});
