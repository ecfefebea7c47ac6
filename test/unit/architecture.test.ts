import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';

const root = resolve(import.meta.dirname, '../..');
const source = join(root, 'src');

/** Which rooms a room may enter, beside itself. `app`, `cli` and `main.ts` put all together. */
const mayEnter: Record<string, readonly string[]> = {
  domain: [],
  check: ['domain'],
  envoy: ['domain', 'check'],
  server: ['domain', 'check'],
  identity: ['domain', 'check'],
  policy: ['domain', 'check'],
  limits: ['domain', 'check'],
  'shared-state': ['domain', 'check'],
  audit: ['domain', 'check'],
  telemetry: ['domain', 'check'],
  admin: ['domain', 'check'],
  config: ['domain'],
  access: ['domain'],
  grants: ['domain', 'check'],
};
const composers = new Set(['app', 'cli', 'main.ts']);

/** The one room that may import a package. */
const ownerOf: Record<string, string> = {
  '@grpc/grpc-js': 'server',
  '@grpc/proto-loader': 'server',
  '@bufbuild/protobuf': 'policy',
  re2js: 'policy',
  'tar-stream': 'policy',
  graphql: 'policy',
  ioredis: 'shared-state',
  jose: 'identity',
  'prom-client': 'telemetry',
  yaml: 'config',
};

/** Rooms that are pure: no packages, and of Node nothing that reaches the outside. */
const pureRooms = new Set(['domain', 'check', 'envoy', 'identity', 'access', 'grants']);
/** The one file of a pure room that asks others. */
const outlets = new Set(['identity/keys/fetch-keys.ts']);
const reachesOutside =
  /^node:(fs|net|http|http2|https|tls|dgram|child_process|worker_threads|os)\b/;

interface Import {
  readonly file: string;
  readonly room: string;
  readonly specifier: string;
}

const imports = globSync('**/*.ts', { cwd: source }).flatMap(importsOf);

function importsOf(file: string): Import[] {
  const text = readFileSync(join(source, file), 'utf8');
  const specifiers = text.matchAll(/^(?:import|export)\b[^;]*?from\s+'([^']+)'/gm);
  return Array.from(specifiers, ([, specifier = '']) => ({ file, room: roomOf(file), specifier }));
}

function roomOf(path: string): string {
  return path.split('/')[0] ?? path;
}

function packageOf(specifier: string): string {
  const depth = specifier.startsWith('@') ? 2 : 1;
  return specifier.split('/').slice(0, depth).join('/');
}

test('the walk finds the imports that it judges', () => {
  assert.ok(imports.length > 20);
  assert.ok(imports.some(({ room }) => room === 'check'));
});

test('a room enters only the rooms that it may', () => {
  const wrong = imports
    .filter(({ room, specifier }) => specifier.startsWith('.') && !composers.has(room))
    .map(({ file, room, specifier }) => {
      const target = relative(source, resolve(source, dirname(file), specifier));
      return { file, target, allowed: [room, ...(mayEnter[room] ?? [])] };
    })
    .filter(({ target, allowed }) => !allowed.includes(roomOf(target)))
    .map(({ file, target }) => `${file} imports ${target}`);
  assert.deepEqual(wrong, []);
});

test('every outside package has one owner', () => {
  const wrong = imports
    .filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
    .filter(({ room, specifier }) => ownerOf[packageOf(specifier)] !== room)
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  assert.deepEqual(wrong, []);
});

test('pure rooms import nothing that reaches outside the process', () => {
  const wrong = imports
    .filter(({ room, file }) => pureRooms.has(room) && !outlets.has(file))
    .filter(({ specifier }) => reachesOutside.test(specifier))
    .map(({ file, specifier }) => `${file} imports ${specifier}`);
  assert.deepEqual(wrong, []);
});

test('no file needs itself, over whatever way', () => {
  const needs = Map.groupBy(imports, ({ file }) => file);
  const targetsOf = (file: string): string[] =>
    (needs.get(file) ?? [])
      .filter(({ specifier }) => specifier.startsWith('.'))
      .map(({ specifier }) => join(dirname(file), specifier));
  const reaches = (start: string): boolean => {
    const seen = new Set<string>();
    const open = targetsOf(start);
    for (let file = open.pop(); file !== undefined; file = open.pop()) {
      if (file === start) return true;
      if (seen.has(file)) continue;
      seen.add(file);
      open.push(...targetsOf(file));
    }
    return false;
  };
  assert.deepEqual([...needs.keys()].filter(reaches), []);
});

test('only the command line hands out the environment', () => {
  const wrong = globSync('**/*.ts', { cwd: source })
    .filter((file) => !composers.has(roomOf(file)))
    .filter((file) => readFileSync(join(source, file), 'utf8').includes('process.env'));
  assert.deepEqual(wrong, []);
});
