import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { JsonObject } from '../../src/domain/json.ts';
import { readArchive } from '../../src/policy/bundles/contents/archive.ts';
import { digestFile } from '../../src/policy/bundles/contents/file-digest.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { waitFor } from '../e2e/child-process.ts';
import {
  type Sallyport,
  type SallyportOptions,
  startSallyport,
  writeConfiguration,
} from '../e2e/sallyport.ts';
import { bundleOf } from '../setup/bundle-archive.ts';
import { type Answer, type BundleServer, startBundleServer } from '../setup/bundle-server.ts';

const fixtures = join(import.meta.dirname, '../fixtures/bundles');
const name = 'authz';
const secret = 'a secret for tests only';

let directory: string;
let bundles: BundleServer;
let server: Sallyport | undefined;
let client: CheckClient | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-bundles-'));
  bundles = await startBundleServer();
});

afterEach(async () => {
  client?.close();
  await server?.process.stop();
  [client, server] = [undefined, undefined];
  await bundles.close();
  rmSync(directory, { recursive: true });
});

function described(bundle: JsonObject = {}, startsUnready = false): SallyportOptions {
  const polling = { min: '1s', max: '1s', longPoll: '30s' };
  const url = `${bundles.url}/${name}`;
  return {
    directory,
    transport: 'unix',
    startsUnready,
    sections: { policy: { bundle: { url, polling, downloadTimeout: '300ms', ...bundle } } },
  };
}

async function start(bundle?: JsonObject, startsUnready?: boolean): Promise<Sallyport> {
  server = await startSallyport(described(bundle, startsUnready));
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
  return server;
}

/** Allows what its data say: GET or not. */
async function revisionOf(
  revision: string,
  isAllowed = true,
  manifest: JsonObject = {},
): Promise<Record<string, string | Uint8Array>> {
  const files = await readArchive(readFileSync(join(fixtures, 'boolean.tar.gz')), 1e7);
  const own = JSON.parse(Buffer.from(files.get('.manifest') ?? []).toString()) as JsonObject;
  return {
    'policy.wasm': files.get('policy.wasm') ?? '',
    'data.json': JSON.stringify({ shop: { methods: { GET: isAllowed } } }),
    '.manifest': JSON.stringify({ ...own, revision, ...manifest }),
  };
}

async function publish(revision: string, isAllowed?: boolean): Promise<void> {
  bundles.publish(name, await bundleOf(await revisionOf(revision, isAllowed)));
}

async function ask() {
  const http = { method: 'GET', path: '/', headers: { ':method': 'GET', ':path': '/' } };
  const source = { principal: 'spiffe://shop.example/ns/shop/sa/web' };
  const response = await client?.check(
    { attributes: { source, request: { http } } },
    { timeoutMs: 5000 },
  );
  const revision = response?.okResponse?.headers?.find(
    ({ header }) => header?.key === 'x-sallyport-policy',
  );
  return {
    status: response?.deniedResponse?.status?.code ?? 200,
    reason: response?.dynamicMetadata?.['reason'],
    revision: revision?.header?.value,
  };
}

async function serves(revision: string): Promise<void> {
  const sample = `sallyport_bundle_revision_info{name="${name}",revision="${revision}"}`;
  await waitFor(revision, async () => ((await server?.metric(sample)) === 1 ? true : undefined));
}

test('until a bundle has come, checks are denied and the server is not ready', async () => {
  const started = await start({}, true);
  assert.deepEqual(await ask(), { status: 503, reason: 'policy_unavailable', revision: undefined });
  await waitFor('the reason', async () => {
    const { status, body } = await started.readiness();
    assert.equal(status, 503);
    return /policy: authz: not activated yet; the server answered 404/.test(body) || undefined;
  });
  await publish('r1');
  await serves('r1');
  assert.equal((await started.readiness()).status, 200);
  assert.deepEqual(await ask(), { status: 200, reason: 'allowed', revision: 'r1' });
});

const serverFaults: readonly (readonly [name: string, answer: Answer, says: RegExp])[] = [
  ['a server error', (_request, response) => response.writeHead(500).end(), /answered 500/],
  [
    'a truncated body',
    (_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('x');
      setTimeout(() => response.destroy(), 10);
    },
    /aborted/,
  ],
  [
    'a body that drips',
    (_request, response) => {
      const drip = setInterval(() => response.write('x'), 20);
      response.writeHead(200).on('close', () => clearInterval(drip));
    },
    /longer than 300 ms/,
  ],
];

const badBundles: readonly (readonly [
  name: string,
  bundle: () => Promise<Buffer>,
  says: RegExp,
])[] = [
  ['a zip bomb', () => Promise.resolve(gzipSync(Buffer.alloc(3_000_000))), /larger than 2097152/],
  ['a path that climbs', () => bundleOf({ '../../etc/passwd': '' }), /not a plain relative path/],
  [
    'roots that overlap',
    async () => bundleOf(await revisionOf('bad', true, { roots: ['a', 'a/b'] })),
    /roots .*overlap/,
  ],
  [
    'data outside its roots',
    async () => bundleOf(await revisionOf('bad', true, { roots: ['envoy'] })),
    /data\.shop .*outside the roots/,
  ],
  [
    'a builtin that is missing',
    () => Promise.resolve(readFileSync(join(fixtures, 'needs-builtin.tar.gz'))),
    /builtin/,
  ],
  ['no policy', () => bundleOf({ 'data.json': '{}' }), /no WASM module/],
];

test('whatever the server sends, the old revision decides, and the reason is told', async () => {
  await publish('r1');
  const started = await start({ maxSize: '2MiB' });
  const log = (): string => started.process.stderr();
  const load = new AbortController();
  const statuses = new Set<string>();
  const asking = (async () => {
    while (!load.signal.aborted) {
      const { status, revision } = await ask();
      statuses.add(`${status} ${revision}`);
    }
  })();
  for (const [fault, answer, says] of serverFaults) {
    bundles.answerWith(answer);
    await waitFor(fault, () => says.test(log()) || undefined, { program: started.process });
    bundles.answerWith();
    await waitFor('well again', async () =>
      (await started.readiness()).status === 200 ? true : undefined,
    );
  }
  for (const [fault, bundle, says] of badBundles) {
    bundles.publish(name, await bundle());
    await waitFor(fault, () => says.test(log()) || undefined, { program: started.process });
  }
  load.abort();
  await asking;
  assert.deepEqual([...statuses], ['200 r1']);
  const failures = async (code: string) =>
    started.metric(`sallyport_bundle_failures_total{name="${name}",code="${code}"}`);
  assert.ok((await failures('500')) >= 1);
  assert.ok((await failures('0')) >= serverFaults.length - 1 + badBundles.length);
  await publish('r2');
  await serves('r2');
  // Revisions are names: one that goes back is obeyed.
  await publish('r1');
  await serves('r1');
});

test('a signature is required where keys are configured, and only the right one will do', async () => {
  bundles.publish(name, await bundleOf(signed(await revisionOf('r1'), secret)));
  const signing = { keys: { release: { algorithm: 'HS256', key: secret } } };
  const started = await start({ signing });
  assert.equal((await ask()).revision, 'r1');
  const refusals: readonly (readonly [Record<string, string | Uint8Array>, RegExp])[] = [
    [await revisionOf('r2'), /is not signed/],
    [signed(await revisionOf('r3'), 'another secret'), /is not one of key release/],
    [{ ...signed(await revisionOf('r4'), secret), 'data.json': '{}' }, /not what was signed/],
    [{ '.manifest': '{}', 'patch.json': '{"data":[]}' }, /a delta, which cannot be signed/],
  ];
  for (const [files, says] of refusals) {
    bundles.publish(name, await bundleOf(files));
    await started.process.says(says);
    assert.equal((await ask()).revision, 'r1');
  }
});

/** As `opa sign` does it, with HS256. */
function signed(
  files: Readonly<Record<string, string | Uint8Array>>,
  key: string,
): Record<string, string | Uint8Array> {
  const claims = {
    files: Object.entries(files).map(([file, content]) => ({
      name: file,
      hash: digestFile(file, Buffer.from(content), 'SHA-256'),
      algorithm: 'SHA-256',
    })),
  };
  const [header, payload] = [{ alg: 'HS256', kid: 'release' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const text = `${header}.${payload}`;
  const signature = createHmac('sha256', key).update(text).digest('base64url');
  return { ...files, '.signatures.json': JSON.stringify({ signatures: [`${text}.${signature}`] }) };
}

test('a restart while the server is away serves what was kept', async () => {
  await publish('r1');
  const persist = join(directory, 'kept');
  await start({ persist });
  await server?.process.stop();
  client?.close();
  bundles.answerWith((_request, response) => response.destroy());
  await start({ persist });
  assert.equal((await ask()).revision, 'r1');
});

test('another bundle in the configuration serves once it can, and until then the old one does', async () => {
  await publish('r1');
  const started = await start();
  const reloads = (result: string) =>
    waitFor(result, async () =>
      (await started.metric(`sallyport_reload_total{what="config",result="${result}"}`)) === 1
        ? true
        : undefined,
    );
  writeConfiguration(described({ url: `${bundles.url}/nothing` }));
  await reloads('failure');
  await started.process.says(/\/nothing: the server answered 404/);
  assert.equal((await ask()).revision, 'r1');

  bundles.publish('other', await bundleOf(await revisionOf('other-1')));
  writeConfiguration(described({ url: `${bundles.url}/other` }));
  await reloads('success');
  assert.equal((await ask()).revision, 'other-1');
  const revisions = (await started.metrics()).match(/^sallyport_bundle_revision_info.*$/gm);
  assert.deepEqual(revisions, [
    'sallyport_bundle_revision_info{name="other",revision="other-1"} 1',
  ]);
  bundles.publish('other', await bundleOf(await revisionOf('other-2')));
  await waitFor('its news', async () => ((await ask()).revision === 'other-2' ? true : undefined));
});

/** 50 bundles a minute; SWAP_SECONDS=60 makes it a whole one. */
const swapSeconds = Number(process.env['SWAP_SECONDS'] ?? 15);
const swapMs = 60_000 / 50;

test('each of many checks under many swaps is decided by one revision, named in its record', async () => {
  await publish('r0');
  const started = await start();
  await ask();
  const swaps = Math.floor((swapSeconds * 1000) / swapMs);
  const load = new AbortController();
  const asking = Array.from({ length: 4 }, async () => {
    while (!load.signal.aborted) await ask();
  });
  const startedMs = performance.now();
  for (let swap = 1; swap <= swaps; swap += 1) {
    // Even revisions allow, odd ones deny: a mixture of two would show.
    await publish(`r${swap}`, swap % 2 === 0);
    await serves(`r${swap}`);
    await ask();
    await sleep(startedMs + swap * swapMs - performance.now());
  }
  // Where instances, their data and bundles lie: 46 to 130 MiB, and 33 more for each not freed.
  const externalBytes = await started.metric('nodejs_external_memory_bytes');
  load.abort();
  await Promise.all(asking);
  await sleep(300);
  const decided = new Map<unknown, Set<unknown>>();
  const records = started.records();
  for (const record of records) {
    const served = record['bundles'] as { readonly [name]: { readonly revision: string } };
    const { revision } = served[name];
    decided.set(revision, (decided.get(revision) ?? new Set()).add(record['reason']));
  }
  assert.ok(records.length > 200, `${records.length} checks`);
  assert.equal(decided.size, swaps + 1);
  for (const [revision, reasons] of decided) {
    const isEven = Number(String(revision).slice(1)) % 2 === 0;
    assert.deepEqual([...reasons], [isEven ? 'allowed' : 'policy_denied'], String(revision));
  }
  assert.ok(externalBytes < 256 * 1024 * 1024, `${externalBytes} bytes`);
});
