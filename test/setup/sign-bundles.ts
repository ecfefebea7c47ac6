/**
 * Writes test/fixtures/signed-bundles: one bundle signed by `opa` with each algorithm, and the keys
 * that verify them. New keys at each run: commit all of the folder or nothing.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type SignatureAlgorithm, signatureAlgorithms } from '../../src/domain/bundle-settings.ts';
import { requireTool } from './find-tool.ts';
import { newKeys } from './signing-keys.ts';

const target = resolve(import.meta.dirname, '../fixtures/signed-bundles');

/** What two programs could write in different ways: numbers, escapes, the order of keys. */
const documents: Readonly<Record<string, string>> = {
  'data.json': String.raw`{"b":{"n":[1.0,1e3,-0,9007199254740993,0.10]},"a":"<&>\u2028\u0001\/","é":1,"\ud83d\ude00":2,"ﬀ":3}`,
  'users/data.json': '{\n  "alice": {"role": "admin", "z": null, "A": true}\n}\n',
  'notes.txt': 'not a document\n',
  '.manifest':
    '{"roots": ["a", "b", "users", "é", "😀", "ﬀ"], "revision": "signed-1", "metadata": {"k": 1.50}}',
};

function sign(opa: string, source: string, algorithm: SignatureAlgorithm, key: string): void {
  const claims = join(source, '..', 'claims.json');
  writeFileSync(claims, JSON.stringify({ keyid: algorithm, scope: 'test' }));
  const options = ['--signing-alg', algorithm, '--signing-key', key, '--claims-file', claims];
  execFileSync(opa, ['sign', '--bundle', ...options, '.'], { cwd: source });
}

const opa = requireTool('opa');
const keys: Record<string, { algorithm: SignatureAlgorithm; key: string }> = {};
mkdirSync(target, { recursive: true });
for (const algorithm of signatureAlgorithms) {
  const folder = mkdtempSync(join(tmpdir(), 'signed-'));
  const source = join(folder, 'bundle');
  mkdirSync(join(source, 'users'), { recursive: true });
  for (const [path, text] of Object.entries(documents)) writeFileSync(join(source, path), text);
  const { signing, verification } = newKeys(algorithm);
  const keyFile = join(folder, 'key.pem');
  writeFileSync(keyFile, signing);
  sign(opa, source, algorithm, algorithm.startsWith('HS') ? signing : keyFile);
  const archive = join(target, `${algorithm}.tar.gz`);
  execFileSync('tar', ['-czf', archive, '-C', source, ...readdirSync(source)]);
  keys[algorithm] = { algorithm, key: verification };
  rmSync(folder, { recursive: true });
}
writeFileSync(join(target, 'keys.json'), `${JSON.stringify(keys, null, 2)}\n`);
