import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { readCredentials, type TlsMaterial } from '../../../../src/server/tls/credentials.ts';
import { Authority } from '../../../setup/authority.ts';

const authority = new Authority();
const intermediate = new Authority('an intermediate', authority);
after(() => {
  for (const each of [authority, intermediate]) each.remove();
});

const own = authority.issue({ names: 'URI:spiffe://shop.example/sallyport' });
const other = authority.issue({});
const good: TlsMaterial = {
  certificate: own.certificate,
  privateKey: own.privateKey,
  clientCa: [{ pem: authority.own.certificate }],
};

const dayMs = 24 * 60 * 60 * 1000;

function faultsOf(changes: Partial<TlsMaterial>, nowMs = Date.now()): readonly string[] {
  const read = readCredentials({ ...good, ...changes }, nowMs);
  return 'faults' in read ? read.faults.map(({ part, message }) => `${part} ${message}`) : [];
}

test('a certificate with its key and an authority are taken, with their chain', () => {
  assert.deepEqual(faultsOf({}), []);
  const leaf = intermediate.issue({});
  const chain = leaf.certificate + intermediate.own.certificate;
  assert.deepEqual(faultsOf({ certificate: chain, privateKey: leaf.privateKey }), []);
});

const bad: readonly (readonly [string, Partial<TlsMaterial>, RegExp])[] = [
  ['no certificate', { certificate: 'x' }, /^certificate holds no certificate/],
  ['no key', { privateKey: own.certificate }, /^privateKey holds no private key/],
  [
    'another key',
    { privateKey: other.privateKey },
    /^privateKey is not the key of the certificate/,
  ],
  ['no authority', { clientCa: [{ pem: '' }] }, /^clientCa holds no certificate/],
  ['a leaf as authority', { clientCa: [{ pem: own.certificate }] }, /^clientCa .*not an authority/],
  [
    'an authority without its root',
    { clientCa: [{ pem: intermediate.own.certificate }] },
    /^clientCa .*an intermediate without the authority that signed it/,
  ],
  [
    'a chain out of order',
    { certificate: own.certificate + intermediate.own.certificate },
    /^certificate is out of order: certificate 1 is not signed by the next one/,
  ],
  ['an authority’s own', { certificate: authority.own.certificate }, /^certificate begins with/],
  [
    'an expired certificate',
    { certificate: authority.issue({ days: -1 }).certificate },
    /^certificate .*expired at/,
  ],
  [
    'two URIs',
    { certificate: authority.issue({ names: 'URI:spiffe://a/b, URI:spiffe://a/c' }).certificate },
    /^certificate has URIs that are not one SPIFFE ID/,
  ],
];

for (const [name, changes, message] of bad) {
  test(`${name} is refused with a sentence`, () => {
    assert.match(faultsOf(changes)[0] ?? '', message);
  });
}

test('all that is wrong is said at once', () => {
  assert.equal(faultsOf({ certificate: '', privateKey: '', clientCa: [] }).length, 3);
});

test('what will be valid, and what was, is not valid now', () => {
  assert.match(faultsOf({}, Date.now() - dayMs).join('\n'), /valid from .* only/);
  const late = faultsOf({}, Date.now() + 3 * dayMs).join('\n');
  assert.match(late, /certificate .*expired at/);
  assert.match(late, /clientCa holds no authority that is valid now/);
});
