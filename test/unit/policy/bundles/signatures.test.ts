import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type SignatureAlgorithm,
  signatureAlgorithms,
  type SigningSettings,
  type VerificationKey,
} from '../../../../src/domain/bundle-settings.ts';
import { parsePlainYaml } from '../../../../src/config/yaml/plain-yaml.ts';
import { BundleError } from '../../../../src/policy/bundle-error.ts';
import { readArchive } from '../../../../src/policy/bundles/contents/archive.ts';
import type { BundleFiles } from '../../../../src/policy/bundles/contents/bundle-files.ts';
import { digestFile } from '../../../../src/policy/bundles/contents/file-digest.ts';
import { readBundle } from '../../../../src/policy/bundles/contents/read-bundle.ts';
import { yamlAsJson } from '../../../../src/policy/bundles/contents/yaml-documents.ts';
import { createSignatureCheck } from '../../../../src/policy/bundles/contents/signatures.ts';

const folder = join(import.meta.dirname, '../../../fixtures/signed-bundles');
const keys: ReadonlyMap<string, VerificationKey> = new Map(
  Object.entries(
    JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')) as Record<string, VerificationKey>,
  ),
);

const settings: SigningSettings = {
  require: 'always',
  keys,
  scope: 'test',
  excludeFiles: [],
  allowUnsignedDeltas: false,
};

function signedBy(algorithm: SignatureAlgorithm): Buffer {
  return readFileSync(join(folder, `${algorithm}.tar.gz`));
}

async function filesSignedBy(algorithm: SignatureAlgorithm): Promise<Map<string, Uint8Array>> {
  return new Map(await readArchive(signedBy(algorithm), 1e6));
}

function keyOf(algorithm: SignatureAlgorithm): VerificationKey {
  const key = keys.get(algorithm);
  assert.ok(key);
  return key;
}

function assertRefused(
  files: BundleFiles,
  says: RegExp,
  changes: Partial<SigningSettings> = {},
): void {
  const check = createSignatureCheck({ ...settings, ...changes });
  assert.throws(
    () => {
      check.verify(files);
    },
    (error) => error instanceof BundleError && says.test(error.message),
  );
}

for (const algorithm of signatureAlgorithms) {
  test(`a bundle that opa signed with ${algorithm} is verified`, async () => {
    const signatures = createSignatureCheck(settings);
    const bundle = await readBundle(signedBy(algorithm), { maxBytes: 1e6, signatures });
    assert.equal(bundle.revision, 'signed-1');
  });

  test(`a signature of ${algorithm} is refused with another key of that algorithm's name`, async () => {
    const others = { ES: 'ES256', HS: 'HS256', PS: 'PS256', RS: 'RS256' } as const;
    const family = algorithm.slice(0, 2) as keyof typeof others;
    const sibling = signatureAlgorithms.find(
      (each) => each.startsWith(family) && each !== algorithm,
    );
    assert.ok(sibling);
    // Of an HMAC there is one secret: with another hash it is another signature.
    const key = { ...keyOf(sibling), scope: 'test' };
    assertRefused(await filesSignedBy(algorithm), /not one of key/, {
      keys: new Map([[algorithm, key]]),
    });
  });
}

test('the key decides the algorithm, whatever the token says', async () => {
  // The classic confusion: a public key, which everybody has, as the secret of an HMAC.
  const files = await filesSignedBy('RS256');
  const publicKey = keyOf('RS256').key;
  const forged = forge({ alg: 'HS256', kid: 'RS256' }, { files: [], scope: 'test' }, publicKey);
  files.set('.signatures.json', Buffer.from(JSON.stringify({ signatures: [forged] })));
  assertRefused(files, /not one of key RS256 with RS256/);

  const [header, claims] = forge({ alg: 'none', kid: 'RS256' }, { files: [] }, '').split('.');
  const unsigned = JSON.stringify({ signatures: [`${header}.${claims}.`] });
  assertRefused(new Map([['.signatures.json', Buffer.from(unsigned)]]), /not a JWT/);
});

function forge(header: object, claims: object, secret: string): string {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

test('a file that was changed, added or taken away is named', async () => {
  const changed = await filesSignedBy('ES256');
  changed.set('notes.txt', Buffer.from('other'));
  assertRefused(changed, /notes\.txt .*not what was signed/);

  const added = await filesSignedBy('ES256');
  added.set('more/data.json', Buffer.from('{}'));
  assertRefused(added, /more\/data\.json .*not signed/);

  const taken = await filesSignedBy('ES256');
  taken.delete('users/data.json');
  assertRefused(taken, /lacks files that are signed: users\/data\.json/);
});

test('a document is judged by what it says, not by how it is written', async () => {
  const files = await filesSignedBy('ES256');
  const check = createSignatureCheck(settings);
  files.set('users/data.json', Buffer.from('{"alice":{"A":true,"z":null,"role":"\\u0061dmin"}}'));
  check.verify(files);
  files.set('users/data.json', Buffer.from('{"alice":{"A":true,"z":null,"role":"root"}}'));
  assertRefused(files, /users\/data\.json .*not what was signed/);
  files.set('users/data.json', Buffer.from('alice: {}'));
  assertRefused(files, /users\/data\.json .*not JSON/);
});

test('data in YAML has the digest of what it says, as opa sign writes it', () => {
  const text =
    'users:\n  alice: {n: 1.0, e: 1e3, t: yes}\n  ? 5\n  : five\nhex: 0x1F\nf: 1.5e300\n';
  const yaml = { parse: parsePlainYaml };
  const content = yamlAsJson(new Map([['data.yml', Buffer.from(text)]]), yaml).get('data.yml');
  assert.ok(content);
  assert.equal(
    digestFile('data.yml', content, 'SHA-256'),
    '27c354e81697ffe98fbc4e61165ee6fb2db8ad250c511d91dfba2e155efcc7e4',
  );
});

test('numbers keep their digits in the digest', () => {
  assert.equal(digestOf('{"a":1.0}'), digestOf(' { "a" : 1.0 } '));
  assert.notEqual(digestOf('{"a":1.0}'), digestOf('{"a":1}'));
  assert.notEqual(digestOf('{"a":9007199254740993}'), digestOf('{"a":9007199254740992}'));
});

function digestOf(text: string): string {
  return digestFile('data.json', Buffer.from(text), 'SHA-256');
}

test('excluded files are not judged, and need not be there', async () => {
  const files = await filesSignedBy('ES256');
  files.set('notes.txt', Buffer.from('other'));
  files.delete('users/data.json');
  files.set('a.log', Buffer.from(''));
  files.set('deep/a.log', Buffer.from(''));
  const excludeFiles = ['notes.*', '*.log'];
  assertRefused(files, /deep\/a\.log .*not signed/, { excludeFiles });
  assertRefused(files, /lacks files/, { excludeFiles: [...excludeFiles, '*/*.log'] });
});

test('a bundle without a signature is accepted only where it is optional', async () => {
  const files = await filesSignedBy('ES256');
  files.delete('.signatures.json');
  assertRefused(files, /not signed: it has no \.signatures\.json/);
  createSignatureCheck({ ...settings, require: 'whenPresent' }).verify(files);
});

test('a signature is verified where it is optional, and refused where there is no key', async () => {
  const files = await filesSignedBy('ES256');
  files.set('notes.txt', Buffer.from('other'));
  assertRefused(files, /not what was signed/, { require: 'whenPresent' });
  assert.throws(() => {
    createSignatureCheck(undefined).verify(files);
  }, /signed: configure the key/);
});

test('the configured key id rules over the one in the token', async () => {
  const files = await filesSignedBy('ES256');
  createSignatureCheck({ ...settings, keyId: 'ES256' }).verify(files);
  assertRefused(files, /not one of key RS256/, { keyId: 'RS256' });
  assertRefused(files, /key "ES256", which is not configured/, { keys: new Map() });
});

test('the scope must be the configured one, else the one of the key', async () => {
  const files = await filesSignedBy('ES256');
  assertRefused(files, /for scope "test", not "other"/, { scope: 'other' });
  const { scope: _none, ...unscoped } = settings;
  assert.throws(() => {
    createSignatureCheck(unscoped).verify(files);
  }, /for scope "test", not ""/);
  const scoped = new Map([['ES256', { ...keyOf('ES256'), scope: 'test' }]]);
  createSignatureCheck({ ...unscoped, keys: scoped }).verify(files);
});

test('two signatures, none, or a foreign verifier are refused', async () => {
  const files = await filesSignedBy('ES256');
  const contents: readonly (readonly [unknown, RegExp])[] = [
    [{ signatures: ['a.b.c', 'a.b.c'] }, /exactly one/],
    [{ signatures: [] }, /exactly one/],
    [{}, /exactly one/],
    [[], /exactly one/],
    [{ signatures: ['a.b'] }, /not a JWT/],
    [{ signatures: ['a.b.c'], plugin: 'mine' }, /verifier that is not here/],
  ];
  for (const [content, says] of contents) {
    files.set('.signatures.json', Buffer.from(JSON.stringify(content)));
    assertRefused(files, says);
  }
  files.set('deep/.signatures.json', Buffer.from('{}'));
  assertRefused(files, /both \.signatures\.json and deep/);
});

test('a delta is refused where a signature is required', () => {
  const check = createSignatureCheck(settings);
  assert.throws(() => {
    check.admitDelta();
  }, /delta, which cannot be signed/);
  createSignatureCheck({ ...settings, allowUnsignedDeltas: true }).admitDelta();
  createSignatureCheck({ ...settings, require: 'whenPresent' }).admitDelta();
});

test('a key that does not fit its algorithm is refused at once', () => {
  const misfits: readonly (readonly [SignatureAlgorithm, string])[] = [
    ['ES256', keyOf('ES384').key],
    ['RS256', keyOf('ES256').key],
    ['ES256', keyOf('RS256').key],
    ['PS256', 'a secret'],
  ];
  for (const [algorithm, key] of misfits) {
    const wrong = new Map([['k', { algorithm, key }]]);
    assert.throws(() => createSignatureCheck({ ...settings, keys: wrong }), BundleError);
  }
});
