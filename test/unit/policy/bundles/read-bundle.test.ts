import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type Header, pack } from 'tar-stream';
import { parsePlainYaml } from '../../../../src/config/yaml/plain-yaml.ts';
import { BundleError } from '../../../../src/policy/bundle-error.ts';
import type { Snapshot } from '../../../../src/policy/bundles/contents/bundle.ts';
import { joinData } from '../../../../src/policy/join-data.ts';
import { unsignedOnly } from '../../../../src/policy/bundles/contents/signatures.ts';
import { readBundle, readSnapshot } from '../../../../src/policy/bundles/contents/read-bundle.ts';

const example = readFileSync(join(import.meta.dirname, '../../../../bundles/example.tar.gz'));

type Entry = readonly [header: string | (Partial<Header> & { name: string }), content?: string];

async function tarOf(entries: readonly Entry[]): Promise<Buffer> {
  const tar = pack();
  for (const [header, content = ''] of entries) {
    tar.entry(typeof header === 'string' ? { name: header } : header, content);
  }
  tar.finalize();
  return buffer(tar);
}

async function bundleOf(...entries: readonly Entry[]): Promise<Buffer> {
  return gzipSync(await tarOf(entries));
}

const manifest = JSON.stringify({
  revision: 'r1',
  roots: [''],
  wasm: [{ entrypoint: 'envoy/authz/allow', module: '/policy.wasm' }],
});

function textOf({ data }: Snapshot): string {
  return Buffer.from(joinData(data)).toString();
}

test('the shipped bundle is read', async () => {
  const bundle = await readSnapshot(example);
  assert.match(bundle.revision, /^[0-9a-f]{12}$/);
  assert.deepEqual([...bundle.modules.keys()], ['envoy/authz/allow']);
  assert.equal(textOf(bundle), '{}');
});

test('names may begin as opa writes them, or as tar does', async () => {
  for (const start of ['/', './', '']) {
    const bundle = await readSnapshot(
      await bundleOf([`${start}.manifest`, manifest], [`${start}policy.wasm`, 'wasm']),
    );
    assert.equal(Buffer.from(bundle.modules.get('envoy/authz/allow') ?? []).toString(), 'wasm');
    assert.equal(bundle.revision, 'r1');
  }
});

test('folders in the archive are no files', async () => {
  const bundle = await readSnapshot(await bundleOf([{ name: './shop/', type: 'directory' }]));
  assert.equal(bundle.modules.size, 0);
});

test('a bundle that names no revision has the digest of its bytes', async () => {
  for (const entries of [[], [['.manifest', '{"revision":""}']]] satisfies Entry[][]) {
    const archive = await bundleOf(...entries);
    const { revision } = await readBundle(archive);
    assert.match(revision, /^[0-9a-f]{12}$/);
    assert.equal((await readBundle(archive)).revision, revision);
  }
});

test('data documents are merged at their folders', async () => {
  const archive = await bundleOf(
    ['data.json', '{"a":{"b":1},"__proto__":{"c":2}}'],
    ['a/data.json', '{"d":{"e":9007199254740993}}'],
    ['a/d/data.json', '{"f":3}'],
    ['other.json', '{"not":"data"}'],
  );
  assert.equal(
    textOf(await readSnapshot(archive)),
    '{"a":{"b":1,"d":{"e":9007199254740993,"f":3}},"__proto__":{"c":2}}',
  );
});

test('thousands of data files, and of roots, take no minutes', async () => {
  const names = Array.from({ length: 16_000 }, (_, index) => `t${index}`);
  const entries = names.map((name): Entry => [`tenants/${name}/data.json`, '{"a":1}']);
  const roots = names.flatMap((name) => [`tenants/${name}`, `others/${name}`]);
  const startedMs = performance.now();
  const bundle = await readSnapshot(
    await bundleOf(['.manifest', JSON.stringify({ roots })], ...entries),
  );
  assert.equal(bundle.data.length, names.length);
  assert.ok(performance.now() - startedMs < 20_000);
});

test('a number of many digits is nothing that another data file could add to', async () => {
  const files: Entry[] = [
    ['data.json', '{"a":12345678901234567890}'],
    ['a/data.json', '{"b":1}'],
  ];
  await assert.rejects(readBundle(await bundleOf(...files)), /two data files .*define data\.a/);
});

test('a bundle without roots owns nothing, and may say so', async () => {
  const none: Entry = ['.manifest', '{"roots":[]}'];
  assert.equal((await readSnapshot(await bundleOf(none))).data.length, 0);
  await assert.rejects(
    readBundle(await bundleOf(none, ['data.json', '{"a":1}'])),
    /data\.a .*outside the roots .*none/,
  );
});

const entryOf = (wasm: unknown): Entry => ['.manifest', JSON.stringify({ wasm })];

test('roots that only begin alike do not overlap, and lead through the objects above them', async () => {
  const archive = await bundleOf(
    ['.manifest', '{"roots":["a/b","a/bc","d"]}'],
    ['data.json', '{"a":{"b":1,"bc":2}}'],
  );
  assert.equal(textOf(await readSnapshot(archive)), '{"a":{"b":1,"bc":2}}');
});

test('one module may answer several entrypoints', async () => {
  const wasm = ['a/allow', 'b/allow'].map((entrypoint) => ({ entrypoint, module: '/policy.wasm' }));
  const { modules } = await readSnapshot(
    await bundleOf(['.manifest', JSON.stringify({ wasm })], ['policy.wasm', 'wasm']),
  );
  assert.deepEqual([...modules.keys()], ['a/allow', 'b/allow']);
});

test('a delta is read as its patch, and is no whole', async () => {
  const archive = await bundleOf(
    ['.manifest', '{"revision":"d1","roots":["users"]}'],
    ['patch.json', '{"data":[{"op":"remove","path":"/users/alice"}]}'],
  );
  const bundle = await readBundle(archive);
  assert.equal(bundle.type, 'delta');
  assert.equal(bundle.revision, 'd1');
  await assert.rejects(readSnapshot(archive), /no bundle that it could change/);
});

async function readYaml(...entries: readonly Entry[]): Promise<Snapshot> {
  const yaml = { parse: parsePlainYaml };
  return readSnapshot(await bundleOf(...entries), {
    maxBytes: 1e6,
    signatures: unsignedOnly,
    yaml,
  });
}

test('data in YAML is what OPA makes of it, beside data in JSON', async () => {
  const snapshot = await readYaml(
    ['data.yaml', 'a: {b: 1.0, c: 0x1F, 5: yes}\nd: &d [~, true]\ne: *d'],
    ['a/data.json', '{"f":2}'],
    ['g/data.yml', 'h: "é"'],
  );
  assert.equal(
    textOf(snapshot),
    '{"a":{"5":"yes","b":1,"c":31,"f":2},"d":[null,true],"e":[null,true],"g":{"h":"é"}}',
  );
});

test('YAML that is none, that is no object, or that multiplies is refused', async () => {
  await assert.rejects(readYaml(['data.yaml', 'a: [']), /^BundleError: data\.yaml .*not YAML/);
  await assert.rejects(readYaml(['data.yml', '- a']), /data\.yml .*not a JSON object/);
  const laughs = Array.from({ length: 9 }, (_, level) => {
    const references = Array.from({ length: 10 }, () => `*l${level}`).join();
    return `l${level + 1}: &l${level + 1} [${references}]`;
  });
  const bomb = ['l0: &l0 [ha]', ...laughs].join('\n');
  await assert.rejects(readYaml(['data.yaml', bomb]), /alias/);
  const both: Entry[] = [
    ['data.yaml', 'a: 1'],
    ['data.json', '{"a":1}'],
  ];
  await assert.rejects(readYaml(...both), /two data files .*define data\.a/);
});

const attacks: readonly (readonly [name: string, entries: readonly Entry[], says: RegExp])[] = [
  ['a path that climbs', [['../policy.wasm']], /"\.\.\/policy\.wasm".*not a plain relative path/],
  ['a path that climbs inside', [['a/../../b']], /not a plain relative path/],
  ['a path that stays', [['a/./b']], /not a plain relative path/],
  ['a path with an empty part', [['a//b']], /not a plain relative path/],
  ['a path with two roots', [['//etc/passwd']], /not a plain relative path/],
  ['a path with a backslash', [['..\\b']], /not a plain relative path/],
  ['a repeated path', [['a'], ['a']], /has a twice/],
  ['a path in two spellings', [['/a'], ['./a']], /has a twice/],
  ['a symbolic link', [[{ name: 'a', type: 'symlink', linkname: '/etc/passwd' }]], /a symlink/],
  ['a hard link', [[{ name: 'a', type: 'link', linkname: 'b' }]], /a link/],
  ['a device', [[{ name: 'a', type: 'character-device' }]], /a character-device/],
  ['a manifest that is no JSON', [['.manifest', '{']], /\.manifest .*not a JSON object/],
  ['a manifest that is an array', [['.manifest', '[]']], /\.manifest .*not a JSON object/],
  ['a revision that is a number', [['.manifest', '{"revision":1}']], /revision .*not a string/],
  [
    'a revision that ends a header',
    [['.manifest', '{"revision":"a\\r\\nb: c"}']],
    /revision .*plain text/,
  ],
  ['modules that are no array', [entryOf({})], /wasm .*not an array/],
  ['a module without an entrypoint', [entryOf([{ module: 'a' }])], /without entrypoint/],
  ['a module that is null', [entryOf([null])], /without entrypoint/],
  ['a module that is missing', [['.manifest', manifest]], /names policy\.wasm, which is not in it/],
  ['data that is no object', [['a/data.json', '[]']], /a\/data\.json .*not a JSON object/],
  [
    'data in two places',
    [
      ['data.json', '{"a":{"b":1}}'],
      ['a/data.json', '{"b":1}'],
    ],
    /define data\.a\.b/,
  ],
  [
    'data outside its roots',
    [
      ['.manifest', '{"roots":["a/b"]}'],
      ['data.json', '{"a":{"b":1,"c":2}}'],
    ],
    /data\.a\.c .*outside the roots .*: \/a\/b/,
  ],
  [
    'data where its root should be',
    [
      ['.manifest', '{"roots":["a/b"]}'],
      ['data.json', '{"a":1}'],
    ],
    /data\.a .*outside the roots/,
  ],
  [
    'an entrypoint outside its roots',
    [
      [
        '.manifest',
        '{"roots":["shop"],"wasm":[{"entrypoint":"shops/allow","module":"/policy.wasm"}]}',
      ],
      ['policy.wasm', 'wasm'],
    ],
    /entrypoint shops\/allow .*outside the roots/,
  ],
  [
    'an entrypoint twice',
    [
      entryOf([
        { entrypoint: 'a', module: 'm' },
        { entrypoint: 'a', module: 'n' },
      ]),
    ],
    /two modules for entrypoint a/,
  ],
  [
    'roots that overlap',
    [['.manifest', '{"roots":["/a/","a/b"]}']],
    /roots .*overlap: \/a and \/a\/b/,
  ],
  ['roots that are no texts', [['.manifest', '{"roots":[1]}']], /roots .*not an array of strings/],
  [
    'two manifests',
    [
      ['.manifest', '{}'],
      ['a/.manifest', '{}'],
    ],
    /two manifests/,
  ],
  ['a manifest in protobuf', [['.manifest.pb', '']], /write \.manifest as JSON/],
  ['a signature that nothing verifies', [['.signatures.json', '{}']], /configure the key/],
  ['data in YAML that nothing reads', [['data.yaml', 'a: 1']], /cannot be read here/],
  ['an empty patch', [['patch.json', '{}']], /patch\.json .*has no data/],
];

for (const [name, entries, says] of attacks) {
  test(`a bundle with ${name} is refused`, async () => {
    await assertRefused(await bundleOf(...entries), says);
  });
}

test('what is no archive is refused', async () => {
  await assertRefused(Buffer.from(''), /ends too early/);
  await assertRefused(Buffer.from('package a'), /not a gzip file/);
  await assertRefused(example.subarray(0, -100), /ends too early/);
  await assertRefused(gzipSync(Buffer.alloc(1024, 'x')), /not a complete tar/);
  const tar = await tarOf([['data.json', '{"a":1}']]);
  await assertRefused(gzipSync(tar.subarray(0, 515)), /not a complete tar/);
});

test('a bundle that unpacks to too much is refused before it has', async () => {
  const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024));
  assert.ok(bomb.length < 100_000);
  const limited = { maxBytes: 64 * 1024 * 1024, signatures: unsignedOnly };
  await assert.rejects(readBundle(bomb, limited), /larger than 67108864 bytes/);
});

async function assertRefused(archive: Buffer, says: RegExp): Promise<void> {
  await assert.rejects(readBundle(archive), (error: unknown) => {
    assert.ok(error instanceof BundleError, String(error));
    assert.match(error.message, says);
    return true;
  });
}
