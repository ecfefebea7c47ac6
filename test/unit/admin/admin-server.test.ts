import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { createAdminServer } from '../../../src/admin/admin-server.ts';
import type { LimitOperations } from '../../../src/admin/limit-operations.ts';
import type { ListenAddress } from '../../../src/domain/listen-address.ts';
import { listen } from '../../../src/server/listener.ts';
import { noGrantOperations } from './no-grant-operations.ts';
import { noLimitOperations } from './no-limit-operations.ts';
import type { AdminFacts, AdminSources, Readiness } from '../../../src/admin/facts.ts';

const facts: AdminFacts = {
  version: '1.2.3',
  policy: { name: 'example', revision: 'r<1>', path: 'envoy/authz/allow' },
  bundles: [{ name: 'example', state: 'revision r<1> since noon' }],
  limits: ['orders-read', 'all'],
  grants: [{ id: '3f9a61c0', state: 'by <ann>; used 3 times here' }],
  insecureOptions: ['ambiguousPaths.dot-segment'],
};
const loopback: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

interface Setup {
  readonly address?: ListenAddress;
  readonly readiness?: () => readonly Readiness[];
  readonly scrape?: () => Promise<string>;
  readonly tokenFile?: string;
  readonly rollback?: AdminSources['rollback'];
  readonly limits?: LimitOperations;
}

async function startAdmin(t: TestContext, setup: Setup = {}) {
  const faults: unknown[] = [];
  const refused: string[] = [];
  const server = createAdminServer({
    address: setup.address ?? loopback,
    listen,
    readiness: setup.readiness ?? (() => [{ name: 'policy', ready: true }]),
    facts: () => facts,
    ...(setup.tokenFile && { tokenFile: setup.tokenFile }),
    status: () => ({ bundles: { example: {} } }),
    rollback: setup.rollback ?? (() => Promise.reject(new Error('not expected'))),
    limits: setup.limits ?? noLimitOperations,
    grants: noGrantOperations,
    scrape: setup.scrape ?? (() => Promise.resolve('sallyport_checks_total 1\n')),
    scrapeContentType: 'text/plain; version=0.0.4; charset=utf-8',
    onRefused: (peer) => refused.push(peer),
    onFault: (error) => faults.push(error),
  });
  const bound = await server.start();
  t.after(() => server.stop(0));
  return { server, bound, faults, refused };
}

interface Asked {
  readonly method?: string;
  readonly host?: string;
  readonly authorization?: string;
  readonly body?: string;
}

async function ask(
  bound: ListenAddress,
  path: string,
  { method = 'GET', host, authorization, body: sent }: Asked = {},
) {
  const target =
    bound.kind === 'unix' ? { socketPath: bound.path } : { host: '127.0.0.1', port: bound.port };
  const headers = { ...(host && { host }), ...(authorization && { authorization }) };
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const asked = request({ ...target, path, method, agent: false, headers }, (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (text: string) => (body += text));
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      asked.on('error', reject);
      asked.end(sent);
    },
  );
}

test('metrics, health and readiness are served with their content types', async (t) => {
  const { bound } = await startAdmin(t);
  const metrics = await ask(bound, '/metrics');
  assert.equal(metrics.body, 'sallyport_checks_total 1\n');
  assert.equal(metrics.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal((await ask(bound, '/healthz')).body, 'alive\n');
  assert.equal((await ask(bound, '/readyz?verbose')).body, 'ready\n');
});

test('readiness follows its parts, and says which are missing', async (t) => {
  let parts: Readiness[] = [];
  const { bound } = await startAdmin(t, { readiness: () => parts });
  assert.equal((await ask(bound, '/readyz')).status, 503, 'no evidence is not readiness');

  parts = [
    { name: 'policy', ready: false, detail: 'no bundle is loaded' },
    { name: 'limits', ready: true },
    { name: 'listener', ready: false },
  ];
  const waiting = await ask(bound, '/readyz');
  assert.equal(waiting.status, 503);
  assert.equal(waiting.body, 'not ready\npolicy: no bundle is loaded\nlistener\n');

  parts = parts.map((part) => ({ ...part, ready: true }));
  assert.equal((await ask(bound, '/readyz')).status, 200);

  parts = [{ name: 'listener', ready: false }];
  assert.equal((await ask(bound, '/readyz')).status, 503);
});

test('the page shows the state, escaped, and nothing in it can run or load', async (t) => {
  const { bound } = await startAdmin(t, {
    readiness: () => [{ name: 'policy', ready: false, detail: '<script>alert("1")</script>' }],
  });
  const { status, headers, body } = await ask(bound, '/');
  assert.equal(status, 200);
  assert.match(body, /Sallyport 1\.2\.3/);
  assert.match(body, /r&lt;1&gt;/);
  assert.match(body, /3f9a61c0<.*by &lt;ann&gt;; used 3 times here/);
  assert.match(body, /orders-read, all/);
  assert.match(body, /ambiguousPaths\.dot-segment/);
  assert.match(body, /not ready: &lt;script&gt;alert\(&quot;1&quot;\)/);
  assert.doesNotMatch(body, /<script/);
  assert.equal(headers['x-content-type-options'], 'nosniff');

  const [, style = ''] = /<style>([^<]*)<\/style>/.exec(body) ?? [];
  const hash = createHash('sha256').update(style).digest('base64');
  const policy = String(headers['content-security-policy']);
  assert.ok(policy.startsWith("default-src 'none'"));
  assert.ok(
    policy.includes(`style-src 'sha256-${hash}'`),
    'the style on the page is the allowed one',
  );
});

test('HEAD has the headers of GET and no body', async (t) => {
  const { bound } = await startAdmin(t);
  const head = await ask(bound, '/healthz', { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '6', '']);
});

test('other methods are 405, other paths 404 with what there is', async (t) => {
  const { bound } = await startAdmin(t);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const refused = await ask(bound, '/metrics', { method });
    assert.deepEqual([refused.status, refused.headers['allow']], [405, 'GET, HEAD']);
  }
  for (const path of ['/nothing', '/metrics/', '/../metrics', '//', '/constructor']) {
    const missing = await ask(bound, path);
    assert.equal(missing.status, 404, path);
    assert.match(missing.body, /\/ \/metrics \/healthz \/readyz/);
  }
});

test('on loopback, a name that was rebound to this machine gets nothing', async (t) => {
  const { bound } = await startAdmin(t);
  for (const host of ['evil.example', 'evil.example:9192', '127.0.0.1.evil.example', '10.0.0.1']) {
    for (const path of ['/', '/metrics', '/healthz']) {
      assert.equal((await ask(bound, path, { host })).status, 421, `${host}${path}`);
    }
  }
  for (const host of ['localhost', 'LOCALHOST:9192', '127.0.0.1:1', '127.1.2.3', '[::1]:9192']) {
    assert.equal((await ask(bound, '/', { host })).status, 200, host);
  }
});

test('off loopback, only metrics and health are served, under any name', async (t) => {
  const { bound } = await startAdmin(t, { address: { kind: 'tcp', host: '0.0.0.0', port: 0 } });
  assert.equal((await ask(bound, '/', { host: 'localhost' })).status, 403);
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    assert.equal((await ask(bound, path, { host: '10.1.2.3:9192' })).status, 200);
  }
});

const rollbackPath = '/v1/bundles/example/rollback';
const token = 'a-token-for-tests-only';

async function tokenFile(t: TestContext, content = `${token}\n`): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-token-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'token');
  await writeFile(file, content);
  return file;
}

function post(authorization?: string): Asked {
  return { method: 'POST', ...(authorization && { authorization }) };
}

test('a command without the token is refused, also on loopback', async (t) => {
  const open = await startAdmin(t);
  const refused = await ask(open.bound, rollbackPath, post(`Bearer ${token}`));
  assert.equal(refused.status, 403, 'nobody has a token that is not configured');
  assert.match(refused.body, /set admin\.tokenFile/);

  const { bound, refused: told } = await startAdmin(t, { tokenFile: await tokenFile(t) });
  const wrong = [
    undefined,
    'Bearer',
    'Bearer a-token-for-tests-onlx',
    `Bearer ${token}x`,
    `Basic ${token}`,
    token,
  ];
  for (const authorization of wrong) {
    const { status, headers, body } = await ask(bound, rollbackPath, post(authorization));
    assert.deepEqual([status, headers['www-authenticate']], [401, 'Bearer realm="sallyport"']);
    assert.doesNotMatch(body, /token-for-tests/);
  }
  assert.deepEqual(
    told,
    wrong.map(() => '127.0.0.1'),
  );
});

test('a command with the token is done, for the bundle that is named and the one who asks', async (t) => {
  const asked: string[][] = [];
  const { bound } = await startAdmin(t, {
    tokenFile: await tokenFile(t),
    rollback: (...args) => {
      asked.push(args);
      return Promise.resolve({ outcome: 'done', status: { active_revision: 'r1' } });
    },
  });
  const done = await ask(bound, rollbackPath, post(`Bearer ${token}`));
  assert.deepEqual([done.status, done.body], [200, '{"active_revision":"r1"}\n']);
  await ask(bound, '/v1/bundles/a%2Fb/rollback?x', post(`bearer ${token}`));
  assert.deepEqual(asked, [
    ['example', '127.0.0.1'],
    ['a/b', '127.0.0.1'],
  ]);
  const get = await ask(bound, rollbackPath, { authorization: `Bearer ${token}` });
  assert.deepEqual([get.status, get.headers['allow']], [405, 'POST']);
  for (const path of ['/v1/bundles//rollback', '/v1/bundles/rollback', '/v1/bundles/%/rollback']) {
    assert.equal((await ask(bound, path, post(`Bearer ${token}`))).status, 404, path);
  }
  assert.equal(asked.length, 2);
});

test('what cannot be rolled back is 404 or 409, with the reason', async (t) => {
  const { bound } = await startAdmin(t, {
    tokenFile: await tokenFile(t),
    rollback: (bundle) =>
      Promise.resolve(
        bundle === 'example'
          ? { outcome: 'refused', reason: 'nothing to go back to' }
          : { outcome: 'unknown bundle' },
      ),
  });
  const refused = await ask(bound, rollbackPath, post(`Bearer ${token}`));
  assert.deepEqual([refused.status, refused.body], [409, 'nothing to go back to\n']);
  const unknown = await ask(bound, '/v1/bundles/other/rollback', post(`Bearer ${token}`));
  assert.deepEqual([unknown.status, unknown.body], [404, 'There is no bundle "other"\n']);
});

test('the token is the one in the file now, and a file without one lets nobody in', async (t) => {
  const file = await tokenFile(t);
  const { bound, faults } = await startAdmin(t, {
    tokenFile: file,
    rollback: () => Promise.resolve({ outcome: 'unknown bundle' }),
  });
  const statusWith = async (sent: string) =>
    (await ask(bound, rollbackPath, post(`Bearer ${sent}`))).status;
  assert.equal(await statusWith(token), 404);
  await writeFile(file, 'another-token-for-tests');
  assert.deepEqual(
    [await statusWith(token), await statusWith('another-token-for-tests')],
    [401, 404],
  );
  for (const broken of ['', 'short', 'two words that are long enough']) {
    await writeFile(file, broken);
    assert.equal(await statusWith(broken), 500, 'nobody is let in');
  }
  await rm(file);
  assert.equal(await statusWith(token), 500);
  assert.equal(faults.length, 4);
});

test('the status is for this machine, and off loopback for who has the token', async (t) => {
  const local = await startAdmin(t);
  const { status, headers, body } = await ask(local.bound, '/v1/status');
  assert.deepEqual([status, headers['content-type']], [200, 'application/json']);
  assert.equal(body, '{"bundles":{"example":{}}}\n');

  const address: ListenAddress = { kind: 'tcp', host: '0.0.0.0', port: 0 };
  const closed = await startAdmin(t, { address });
  assert.equal((await ask(closed.bound, '/v1/status')).status, 403);
  const { bound } = await startAdmin(t, { address, tokenFile: await tokenFile(t) });
  const authorization = `Bearer ${token}`;
  for (const path of ['/v1/status', '/']) {
    assert.equal((await ask(bound, path)).status, 401);
    assert.equal((await ask(bound, path, { authorization })).status, 200);
  }
  assert.equal((await ask(bound, '/metrics')).status, 200);
});

test('a unix socket serves everything, and takes the place of a dead one', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-admin-'));
  t.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'admin.sock');
  const { bound, server } = await startAdmin(t, { address: { kind: 'unix', path } });
  assert.equal((await ask(bound, '/')).status, 200);
  await assert.rejects(
    startAdmin(t, { address: { kind: 'unix', path } }),
    /another program listens there/,
  );
  assert.equal((await ask(bound, '/healthz')).status, 200, 'the living one was left alone');
  await server.stop();
  await assert.rejects(stat(path), /ENOENT/);

  const program = 'require("net").createServer().listen(process.argv[1], () => console.log("up"))';
  const dead = spawn(process.execPath, ['-e', program, path]);
  await once(dead.stdout, 'data');
  dead.kill('SIGKILL');
  await once(dead, 'exit');
  assert.ok((await stat(path)).isSocket(), 'the dead process left its socket');
  const second = await startAdmin(t, { address: { kind: 'unix', path } });
  assert.equal((await ask(bound, '/healthz')).status, 200);
  await second.server.stop();

  await writeFile(path, 'not a socket');
  await assert.rejects(startAdmin(t, { address: { kind: 'unix', path } }), /not a socket/);
});

test('a fault behind a page is a 500 that says nothing of it, and is reported', async (t) => {
  const { bound, faults } = await startAdmin(t, {
    scrape: () => Promise.reject(new Error('the secret cause')),
    readiness: () => {
      throw new Error('the other cause');
    },
  });
  for (const path of ['/metrics', '/readyz', '/']) {
    const failed = await ask(bound, path);
    assert.equal(failed.status, 500);
    assert.doesNotMatch(failed.body, /cause/);
  }
  assert.equal(faults.length, 3);
  assert.equal((await ask(bound, '/healthz')).status, 200);
});

test('oversized headers are refused, and the server lives', async (t) => {
  const { bound } = await startAdmin(t);
  assert.ok(bound.kind === 'tcp');
  const socket = connect(bound.port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\nhost: localhost\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`);
  const answer = await new Promise<string>((resolve, reject) => {
    socket.once('data', (data) => resolve(data.toString()));
    socket.once('error', reject);
  });
  assert.match(answer, /^HTTP\/1\.1 431 /);
  socket.destroy();
  assert.equal((await ask(bound, '/healthz')).status, 200);
});

test('stop cuts off who holds a connection open, within the grace', async (t) => {
  const { bound, server } = await startAdmin(t);
  assert.ok(bound.kind === 'tcp');
  const idle = connect(bound.port, '127.0.0.1');
  idle.on('error', () => {});
  idle.write('GET /healthz HTTP/1.1\r\nhost: loc');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedMs = performance.now();
  await server.stop(100);
  assert.ok(performance.now() - startedMs < 2000);
  idle.destroy();
});

test('connections that ask nothing do not keep a probe out', async (t) => {
  const { bound } = await startAdmin(t);
  assert.ok(bound.kind === 'tcp');
  const { port } = bound;
  const idle = Array.from({ length: 400 }, () => connect(port, '127.0.0.1'));
  t.after(() => idle.forEach((socket) => socket.destroy()));
  for (const socket of idle) socket.on('error', () => {}).resume();
  await Promise.all(idle.map((socket) => once(socket, 'connect')));
  for (const socket of idle) socket.write('GET /healthz HTTP/1.1\r\nhost: loc');
  for (const path of ['/healthz', '/readyz', '/metrics']) {
    assert.equal((await ask(bound, path)).status, 200);
  }
  const displaced = idle.filter((socket) => socket.destroyed).length;
  assert.ok(displaced >= 144, `only ${displaced} of 400 gave up their place`);
  const kept = idle.filter((socket) => !socket.destroyed);
  await Promise.all(
    kept.map((socket) => once(socket, 'close', { signal: AbortSignal.timeout(6000) })),
  );
});

test('a limit command is read only from who has the token, and only when it is short', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-admin-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'token');
  await writeFile(file, 'a-token-for-tests-only');
  const asked: unknown[] = [];
  const limits: LimitOperations = {
    ...noLimitOperations,
    reset: (address, peer) => {
      asked.push([address, peer]);
      return Promise.resolve({ outcome: 'done', value: { buckets: [], unaddressed: [] } });
    },
    addOverride: () => Promise.resolve({ outcome: 'unavailable', reason: 'Redis is away' }),
    removeOverride: () => Promise.resolve({ outcome: 'unknown', reason: 'There is none' }),
  };
  const { bound } = await startAdmin(t, { tokenFile: file, limits });
  const authorization = 'Bearer a-token-for-tests-only';
  const send = (path: string, body: string, method = 'POST') =>
    ask(bound, path, { method, authorization, body });
  const reset = '/v1/limits/reset';
  assert.equal((await ask(bound, reset, { method: 'POST', body: '{}' })).status, 401);
  assert.equal((await ask(bound, reset, { authorization })).status, 405);
  assert.equal((await send(reset, `{"caller":"${'x'.repeat(66_000)}"}`)).status, 413);
  for (const wrong of ['', '[]', '{', '{"caller":1}', '{"limit":null}', '{}', '{"tenant":"x"}']) {
    assert.equal((await send(reset, wrong)).status, 400, wrong);
  }
  assert.match((await send(reset, '{"key":"x"}')).body, /key is of one limit/);
  assert.deepEqual(asked, []);
  assert.equal((await send(reset, '{"caller":"a\\nb","header:X-T":null}')).status, 200);
  const counted = new Map([
    ['caller', 'a\nb'],
    ['header:x-t', null],
  ]);
  assert.deepEqual(asked, [[{ counted }, '127.0.0.1']]);
  const overrides = '/v1/limits/overrides';
  assert.equal((await send(overrides, '{}')).status, 503);
  assert.equal((await send(`${overrides}/x%0ay`, '', 'DELETE')).status, 404);
  assert.equal((await ask(bound, overrides)).body, '{"overrides":[]}\n');
  assert.equal(
    (await ask(bound, overrides, { method: 'PUT' })).headers['allow'],
    'GET, HEAD, POST',
  );
});
