import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spiffeIdIn, urisIn } from '../../../../src/domain/identity/certificate-names.ts';

const id = 'spiffe://prod/ns/shop/sa/web';

test('the URIs of a certificate are read in any company', () => {
  assert.deepEqual(urisIn(`DNS:web, URI:${id}, IP Address:10.0.0.1`), [id]);
  assert.deepEqual(urisIn(`othername:<unsupported>, URI:${id}`), [id]);
  assert.deepEqual(urisIn('DNS:web'), []);
  assert.deepEqual(urisIn(''), []);
});

test('a name that looks like several is one, as Node quotes it (CVE-2021-44532)', () => {
  assert.deepEqual(urisIn(`DNS:"web, URI:${id}"`), []);
  assert.deepEqual(urisIn(`DNS:"web\\", URI:${id}"`), []);
  assert.deepEqual(urisIn(`URI:"${id}, URI:${id}"`), [`"${id}, URI:${id}"`]);
});

test('what Node would not have written is no list of names', () => {
  for (const text of [`URI:${id},`, `URI:${id}, `, 'URI:"', id.slice(6), `URI:a"b`, 'URI:"a" b']) {
    assert.equal(urisIn(text), undefined, text);
  }
});

test('only exactly one URI that is the ID of a workload is an identity', () => {
  assert.equal(spiffeIdIn(`DNS:web, URI:${id}`)?.uri, id);
  const nobodies = [
    undefined,
    '',
    'DNS:web',
    `URI:${id}, URI:${id}`,
    `URI:${id}, URI:https://web`,
    `URI:"${id}"`,
    'URI:spiffe://prod',
    'URI:spiffe://PROD/web',
    'URI:https://prod/web',
  ];
  for (const names of nobodies) assert.equal(spiffeIdIn(names), undefined, names);
});
