import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { JsonObject } from '../../src/domain/json.ts';
import { readArchive } from '../../src/policy/bundles/contents/archive.ts';
import { type CheckClient, createCheckClient } from '../../src/server/check-client.ts';
import { type RunningProcess, startProcess, waitFor } from '../e2e/child-process.ts';
import { bundleOf, dataBundle } from '../setup/bundle-archive.ts';
import { type BundleServer, startBundleServer } from '../setup/bundle-server.ts';

const root = resolve(import.meta.dirname, '../..');

let directory: string;
let bundles: BundleServer;
let program: RunningProcess;
let client: CheckClient | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'sallyport-opa-'));
  bundles = await startBundleServer();
});

afterEach(async () => {
  client?.close();
  await program.stop();
  await bundles.close();
  rmSync(directory, { recursive: true });
});

async function start(configuration: JsonObject): Promise<void> {
  const file = join(directory, 'opa.yaml');
  writeFileSync(file, JSON.stringify(configuration));
  program = startProcess(
    process.execPath,
    [join(root, 'src/main.ts'), 'serve', '--opa-config', file],
    {
      cwd: directory,
      env: {
        SALLYPORT_ADMIN_ADDRESS: `unix:${join(directory, 'admin.sock')}`,
        SALLYPORT_SERVER_CHECK_TIMEOUT: '4s',
      },
    },
  );
  await waitFor('it listens', () => /^\s*checks /m.test(program.stderr()) || undefined, {
    program,
  });
  client = createCheckClient({ kind: 'unix', path: join(directory, 'grpc.sock') });
}

const plugins = () => ({
  envoy_ext_authz_grpc: { addr: `unix://${join(directory, 'grpc.sock')}` },
});

/** The policy without its data, which another bundle owns. */
async function policyBundle(): Promise<Buffer> {
  const archive = readFileSync(join(root, 'test/fixtures/bundles/boolean.tar.gz'));
  const files = await readArchive(archive, 1e7);
  const own = JSON.parse(Buffer.from(files.get('.manifest') ?? []).toString()) as JsonObject;
  return bundleOf({
    'policy.wasm': files.get('policy.wasm') ?? '',
    '.manifest': JSON.stringify({ ...own, revision: 'p1', roots: ['envoy'] }),
  });
}

interface Report {
  readonly url: string | undefined;
  readonly labels: JsonObject;
  readonly bundles?: Record<
    string,
    { active_revision?: string; last_successful_activation?: string }
  >;
}

/** What the server was last told, once it is of the newest bundles. */
function newestReport(): Report | undefined {
  const { request, body = '{}' } = bundles.posts.at(-1) ?? {};
  const report = JSON.parse(body) as Report;
  const isNew = report.bundles?.['data']?.active_revision === 'd2';
  return isNew ? { ...report, url: request?.url } : undefined;
}

async function statusOf(method: string): Promise<number | undefined> {
  const http = { method, path: '/', headers: { ':method': method, ':path': '/' } };
  const response = await client?.check({ attributes: { request: { http } } }, { timeoutMs: 5000 });
  return response?.okResponse === undefined ? response?.deniedResponse?.status?.code : 200;
}

test("OPA's configuration starts a server that decides as its bundles say", async () => {
  bundles.publish('bundles/authz', await policyBundle());
  bundles.publish('data.tar.gz', await dataBundle('d1', 'shop', { methods: { GET: true } }));
  const polling = { min_delay_seconds: 1, max_delay_seconds: 1, long_polling_timeout_seconds: 30 };
  await start({
    services: { control: { url: bundles.url, credentials: { bearer: { token: 'secret' } } } },
    bundles: { authz: { polling }, data: { resource: 'data.tar.gz', polling, persist: true } },
    decision_logs: { console: true },
    status: { service: 'control', partition_name: 'west' },
    metrics_export: {},
    labels: { region: 'west' },
    plugins: plugins(),
  });
  await program.says(/opa\.yaml:1: metrics_export: is not done by this version/);
  await waitFor('it allows', async () => ((await statusOf('GET')) === 200 ? true : undefined));
  assert.equal(await statusOf('POST'), 403);
  assert.ok(bundles.requests.every(({ headers }) => headers.authorization === 'Bearer secret'));

  bundles.publish('data.tar.gz', await dataBundle('d2', 'shop', { methods: { POST: true } }));
  await waitFor('new data decide', async () =>
    (await statusOf('POST')) === 200 ? true : undefined,
  );
  assert.equal(await statusOf('GET'), 403);
  assert.ok(readFileSync(join(directory, '.opa/bundles/data/bundle.tar.gz')).length > 0);
  const record =
    /"labels":\{"region":"west","id".*"bundles":\{"authz":\{"revision":"p1"\},"data":\{"revision":"d2"\}\}/;
  const told = await waitFor('a report of both', newestReport);
  assert.equal(told.url, '/status/west');
  assert.equal(told.labels['region'], 'west');
  assert.deepEqual(Object.keys(told.labels).toSorted(), ['id', 'region', 'version']);
  assert.match(told.bundles?.['data']?.last_successful_activation ?? '', /^20\d\d-.*Z$/);
  await waitFor('a record', () => record.test(program.stdout()) || undefined, { program });
});

test('a bundle of a folder is served without a server, and the folder is watched', async () => {
  const folder = join(directory, 'bundle');
  mkdirSync(join(folder, 'shop'), { recursive: true });
  const archive = await readArchive(
    readFileSync(join(root, 'test/fixtures/bundles/boolean.tar.gz')),
    1e7,
  );
  for (const [path, content] of archive) {
    if (!path.startsWith('data.json')) writeFileSync(join(folder, path), content);
  }
  const data = join(folder, 'shop/data.json');
  writeFileSync(data, '{"methods":{"GET":true}}');
  await start({ bundles: { authz: { resource: `file://${folder}` } }, plugins: plugins() });
  assert.equal(await statusOf('GET'), 200);
  writeFileSync(data, '{"methods":{"POST":true}}');
  await waitFor('the change decides', async () =>
    (await statusOf('POST')) === 200 ? true : undefined,
  );
  assert.equal(await statusOf('GET'), 403);
});
