import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import type { BundleSettings, HttpSourceSettings } from '../../../../src/domain/bundle-settings.ts';
import { parsePlainYaml } from '../../../../src/config/yaml/plain-yaml.ts';
import { systemClock } from '../../../../src/domain/clock.ts';
import type { PolicyBundle } from '../../../../src/policy/policy-bundle.ts';
import { BundleSet, type CheckResult } from '../../../../src/policy/bundles/bundle-set.ts';
import { readHere } from '../../../../src/policy/bundles/contents/read-task.ts';
import { statusDocument } from '../../../../src/policy/bundles/status.ts';
import { joinData } from '../../../../src/policy/join-data.ts';
import { bundleOf, dataBundle, deltaBundle } from '../../../setup/bundle-archive.ts';
import { type Answer, type BundleServer, startBundleServer } from '../../../setup/bundle-server.ts';
import { until } from '../../../setup/until.ts';

let server: BundleServer;
let directory: string;
let set: BundleSet | undefined;
/** What served, in order; and what refuses to serve. */
let served: PolicyBundle[];
let refuses: RegExp | undefined;
let results: CheckResult[];

beforeEach(async () => {
  server = await startBundleServer();
  directory = mkdtempSync(join(tmpdir(), 'sallyport-bundles-'));
  [served, refuses, results] = [[], undefined, []];
});

afterEach(async () => {
  await set?.stop();
  set = undefined;
  await server.close();
  rmSync(directory, { recursive: true });
});

function remote(name: string, source: Partial<HttpSourceSettings> = {}): BundleSettings {
  return {
    name,
    source: {
      kind: 'http',
      url: `${server.url}/${name}`,
      headers: {},
      tls: {},
      polling: { minDelayMs: 10, maxDelayMs: 20 },
      responseTimeoutMs: 1000,
      downloadTimeoutMs: 1000,
      ...source,
    },
    maxBytes: 1_000_000,
  };
}

function open(...bundles: readonly BundleSettings[]): BundleSet {
  set = new BundleSet(bundles, {
    clock: systemClock,
    read: (task) => readHere(task, { parse: parsePlainYaml }),
    activate: (policy) => {
      if (refuses?.test(policy.revision) === true)
        return Promise.reject(new Error('it cannot serve'));
      served.push(policy);
      return Promise.resolve();
    },
    observer: {
      checked: (_status, result) => {
        results.push(result);
      },
    },
  });
  return set;
}

function dataOf(policy: PolicyBundle | undefined): string {
  return Buffer.from(joinData(policy?.data ?? [])).toString();
}

const withinMs = 5000;

function revisions(): string[] {
  return served.map(({ revision }) => revision);
}

test('a bundle is fetched once, known by its tag, and replaced by the next', async () => {
  const bundles = open(remote('a'));
  server.publish('a', await dataBundle('r1', 'a', 1));
  await bundles.refresh();
  await bundles.refresh();
  server.publish('a', await dataBundle('r2', 'a', 2));
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1', 'r2']);
  assert.deepEqual(results, ['activated', 'unchanged', 'activated']);
  assert.equal(server.requests[0]?.headers['prefer'], 'modes=snapshot,delta');
  assert.equal(server.requests[0]?.headers['if-none-match'], undefined);
  assert.match(String(server.requests[1]?.headers['if-none-match']), /^"[0-9a-f]{16}"$/);
});

test('the status is the one that OPA reports', async () => {
  const bundles = open(remote('a'));
  assert.equal(documentOf(bundles)['last_request'], '0001-01-01T00:00:00Z');
  const archive = await dataBundle('r1', 'a', 1);
  server.publish('a', archive);
  await bundles.refresh();
  const { metrics, ...document } = documentOf(bundles);
  assert.deepEqual(
    Object.fromEntries(Object.entries(document).filter(([name]) => !name.startsWith('last_'))),
    { name: 'a', active_revision: 'r1', type: 'snapshot', size: archive.length },
  );
  for (const [name, value] of Object.entries(document)) {
    if (!name.startsWith('last_')) continue;
    assert.ok(typeof value === 'string' && Date.now() - Date.parse(value) < 5000, name);
  }
  assert.deepEqual(Object.keys(metrics ?? {}), [
    'timer_bundle_request_ns',
    'timer_rego_load_bundles_ns',
  ]);
});

function documentOf(bundles: BundleSet) {
  const [status] = bundles.status();
  assert.ok(status);
  return statusDocument(status);
}

function messageOf(bundles: BundleSet): string {
  return bundles.status()[0]?.fault?.message ?? '';
}

const truncated: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '1000' });
  response.write('half');
  setTimeout(() => response.destroy(), 20);
};
const drip: Answer = (_request, response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
};
const endless: Answer = (_request, response) => {
  response.writeHead(200);
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536)));
  };
  response.on('drain', more);
  more();
};

const faults: readonly (readonly [
  name: string,
  answer: Answer,
  says: RegExp,
  httpCode?: number,
])[] = [
  [
    'a server error',
    (_request, response) => response.writeHead(503).end('x'),
    /503, Service Unavailable/,
    503,
  ],
  ['nothing found', (_request, response) => response.writeHead(404).end(), /404, Not Found/, 404],
  [
    'a lost connection',
    (_request, response) => response.destroy(),
    /cannot be fetched: socket hang up/,
  ],
  ['a truncated body', truncated, /cannot be fetched: aborted/],
  ['a body that drips', drip, /download took longer than 1000 ms/],
  ['a body without an end', endless, /answer is larger than 1000000 bytes/],
  ['no answer', () => {}, /did not answer in time/],
  [
    'what is no bundle',
    (_request, response) => response.writeHead(200).end('<html>'),
    /not a gzip file/,
  ],
  [
    'redirects without an end',
    (request, response) => response.writeHead(302, { location: request.url }).end(),
    /more than 5 redirects/,
  ],
  [
    'a redirect to a file',
    (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    /redirect leads to file/,
  ],
];

for (const [name, answer, says, httpCode] of faults) {
  test(`${name} leaves the old revision serving, and is in the status until it is gone`, async () => {
    const bundles = open(remote('a'));
    server.publish('a', await dataBundle('r1', 'a', 1));
    await bundles.refresh();

    server.answerWith(answer);
    await bundles.refresh();
    assert.deepEqual(revisions(), ['r1']);
    const failed = documentOf(bundles);
    assert.equal(failed['code'], 'bundle_error');
    assert.match(messageOf(bundles), says);
    assert.equal(failed['http_code'], httpCode);
    assert.equal(failed['active_revision'], 'r1');

    server.answerWith();
    await bundles.refresh();
    assert.equal(documentOf(bundles)['code'], undefined);
    assert.deepEqual(results, ['activated', 'failed', 'unchanged']);
  });
}

test('a revision that cannot serve is refused, and asked for again until it can', async () => {
  const bundles = open(remote('a'));
  server.publish('a', await dataBundle('r1', 'a', 1));
  await bundles.refresh();
  refuses = /r2/;
  server.publish('a', await dataBundle('r2', 'a', 2));
  await bundles.refresh();
  await bundles.refresh();
  assert.deepEqual(results, ['activated', 'failed', 'failed']);
  assert.match(messageOf(bundles), /it cannot serve/);
  refuses = undefined;
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1', 'r2']);
});

test('a delta changes what serves, and one that does not fit changes nothing', async () => {
  const bundles = open(remote('a'));
  server.publish('a', await deltaBundle('d0', 'a', []));
  await bundles.refresh();
  assert.match(messageOf(bundles), /no bundle to change yet/);

  server.publish('a', await dataBundle('r1', 'a', { x: 1 }));
  await bundles.refresh();
  server.publish('a', await deltaBundle('r2', 'a', [{ op: 'upsert', path: '/a/y', value: 2 }]));
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1', 'r2']);
  assert.equal(dataOf(served[1]), '{"a":{"x":1,"y":2}}');
  assert.equal(dataOf(served[0]), '{"a":{"x":1}}');
  assert.equal(documentOf(bundles)['type'], 'delta');

  server.publish('a', await deltaBundle('r3', 'b', []));
  await bundles.refresh();
  assert.match(messageOf(bundles), /other roots or modules/);
  server.publish('a', await deltaBundle('r3', 'a', [{ op: 'remove', path: '/a/no' }]));
  await bundles.refresh();
  assert.match(messageOf(bundles), /cannot remove data\.a\.no/);
  assert.deepEqual(revisions(), ['r1', 'r2']);
});

test('bundles serve together, and only when all of them have come', async () => {
  const bundles = open(remote('a'), remote('b'));
  server.publish('a', await dataBundle('r1', 'a', 1));
  await bundles.refresh();
  assert.deepEqual(results, ['staged', 'failed']);
  assert.equal(bundles.status()[0]?.activeRevision, undefined);

  server.publish('b', await dataBundle('r7', 'b', 2));
  await bundles.refresh();
  assert.deepEqual(revisions(), ['a=r1 b=r7']);
  assert.equal(dataOf(served[0]), '{"a":1,"b":2}');
  assert.deepEqual(
    bundles.status().map(({ activeRevision }) => activeRevision),
    ['r1', 'r7'],
  );
});

test('bundles that own the same data are not served together', async () => {
  const bundles = open(remote('a'), remote('b'));
  server.publish('a', await dataBundle('r1', 'shop', 1));
  server.publish('b', await dataBundle('r2', 'shop', 2));
  await bundles.refresh();
  assert.deepEqual(served, []);
  assert.match(bundles.status()[1]?.fault?.message ?? '', /bundles a and b overlap: .*\/shop/);
});

test('a rollback goes back, and holds until there is another revision', async () => {
  const bundles = open(remote('a'));
  await assert.rejects(bundles.rollback('a'), /no other revision/);
  await assert.rejects(bundles.rollback('b'), /there is no bundle b/);
  const second = await dataBundle('r2', 'a', 2);
  server.publish('a', await dataBundle('r1', 'a', 1));
  await bundles.refresh();
  server.publish('a', second);
  await bundles.refresh();

  const status = await bundles.rollback('a');
  assert.equal(status.activeRevision, 'r1');
  assert.equal(status.heldRevision, 'r2');
  await bundles.refresh();
  // The same revision with another tag, as after a restart of the server.
  server.answerWith((_request, response) => {
    response.writeHead(200, { etag: '"other"' }).end(second);
  });
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1', 'r2', 'r1']);
  await assert.rejects(bundles.rollback('a'), /no other revision/);

  server.answerWith();
  server.publish('a', await dataBundle('r3', 'a', 3));
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1', 'r2', 'r1', 'r3']);
  assert.equal(bundles.status()[0]?.heldRevision, undefined);
});

test('a rollback that cannot serve changes nothing', async () => {
  const bundles = open(remote('a'));
  for (const revision of ['r1', 'r2']) {
    server.publish('a', await dataBundle(revision, 'a', revision));
    await bundles.refresh();
  }
  refuses = /r1/;
  await assert.rejects(bundles.rollback('a'), /it cannot serve/);
  assert.equal(bundles.status()[0]?.activeRevision, 'r2');
  refuses = undefined;
  await bundles.rollback('a');
  assert.deepEqual(revisions(), ['r1', 'r2', 'r1']);
});

test('what has served is kept on disk, and serves when the server is away', async () => {
  const kept = { ...remote('a'), persistDirectory: directory };
  server.publish('a', await dataBundle('r1', 'a', 1));
  await open(kept).refresh();
  refuses = /r2/;
  server.publish('a', await dataBundle('r2', 'a', 2));
  await set?.refresh();
  refuses = undefined;

  server.answerWith((_request, response) => response.destroy());
  served = [];
  const again = open(kept);
  await again.restore();
  await again.refresh();
  assert.deepEqual(revisions(), ['r1']);
  assert.match(messageOf(again), /cannot be fetched/);
});

test('what never served is not kept: not while other bundles are missing', async () => {
  const bundles = open(
    { ...remote('a'), persistDirectory: directory },
    { ...remote('b'), persistDirectory: directory },
  );
  server.publish('a', await dataBundle('r1', 'a', 1));
  await bundles.refresh();
  assert.equal(existsSync(join(directory, 'bundles')), false);
  server.publish('b', await dataBundle('r1', 'b', 1));
  await bundles.refresh();
  assert.deepEqual(readdirSync(join(directory, 'bundles')).toSorted(), ['a', 'b']);
});

test('a kept file that was damaged is said, and not served', async () => {
  const kept = { ...remote('a'), persistDirectory: directory };
  server.publish('a', await dataBundle('r1', 'a', 1));
  await open(kept).refresh();
  const file = join(directory, 'bundles/a/bundle.tar.gz');
  writeFileSync(file, readFileSync(file).subarray(0, 50));
  served = [];
  const again = open(kept);
  await again.restore();
  assert.deepEqual(served, []);
  assert.match(messageOf(again), /ends too early/);
  await again.refresh();
  assert.deepEqual(revisions(), ['r1']);
});

test('a bundle that cannot be kept serves, and that is said', async () => {
  writeFileSync(join(directory, 'bundles'), 'a file where a folder should be');
  server.publish('a', await dataBundle('r1', 'a', 1));
  const bundles = open({ ...remote('a'), persistDirectory: directory });
  await bundles.refresh();
  assert.deepEqual(revisions(), ['r1']);
  assert.match(messageOf(bundles), /serves, but cannot be kept/);
});

test('of a set, the bundle that cannot be kept is at fault, and not the one that has just come', async () => {
  writeFileSync(join(directory, 'bundles'), 'a file where a folder should be');
  server.publish('a', await dataBundle('r1', 'a', 1));
  server.publish('b', await dataBundle('r1', 'b', 1));
  const bundles = open({ ...remote('a'), persistDirectory: directory }, remote('b'));
  await bundles.refresh();
  assert.deepEqual(revisions(), ['a=r1 b=r1']);
  const [a, b] = bundles.status();
  assert.match(a?.fault?.message ?? '', /bundle a serves, but cannot be kept/);
  assert.equal(b?.fault, undefined);
});

test('of several bundles, the one is named whose key is none', () => {
  const key = { algorithm: 'ES256', key: 'no key' } as const;
  const signing = {
    require: 'always',
    keys: new Map([['release', key]]),
    excludeFiles: [],
    allowUnsignedDeltas: false,
  } as const;
  assert.throws(
    () => open(remote('a'), { ...remote('b'), signing }),
    /^BundleError: bundle b cannot be verified: key release is not a public key/,
  );
});

test('a revision that goes back to an older one is obeyed', async () => {
  const bundles = open(remote('a'));
  for (const revision of ['r1', 'r2', 'r1']) {
    server.publish('a', await dataBundle(revision, 'a', revision));
    await bundles.refresh();
  }
  assert.deepEqual(revisions(), ['r1', 'r2', 'r1']);
  assert.deepEqual(results, ['activated', 'activated', 'activated']);
});

test('news come by themselves, and a fault is waited out', async () => {
  const bundles = open(remote('a', { polling: { minDelayMs: 10, maxDelayMs: 200 } }));
  bundles.start();
  server.publish('a', await dataBundle('r1', 'a', 1));
  await until('r1 serves', () => revisions().includes('r1'), withinMs);
  server.answerWith((_request, response) => response.writeHead(500).end());
  await until(
    'two failures',
    () => results.filter((result) => result === 'failed').length > 1,
    withinMs,
  );
  server.answerWith();
  server.publish('a', await dataBundle('r2', 'a', 2));
  await until('r2 serves', () => revisions().includes('r2'), withinMs);
  await bundles.stop();
  const asked = server.requests.length;
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(server.requests.length, asked);
});

test('a server that waits for news is asked to, and its news come at once', async () => {
  const polling = { minDelayMs: 60_000, maxDelayMs: 60_000, longPollMs: 30_000 };
  const bundles = open(remote('a', { polling }));
  server.publish('a', await dataBundle('r1', 'a', 1));
  bundles.start();
  await until('it waits', () => server.requests.length === 2, withinMs);
  assert.equal(server.requests[1]?.headers['prefer'], 'modes=snapshot,delta;wait=30');
  server.publish('a', await dataBundle('r2', 'a', 2));
  await until('r2 serves', () => revisions().includes('r2'), withinMs);
  await until('it waits again', () => server.requests.length === 3, withinMs);
});

test('a server that does not wait is polled, though it was asked to wait', async () => {
  const polling = { minDelayMs: 10, maxDelayMs: 10, longPollMs: 30_000 };
  server.answerWith((_request, response) => {
    response.writeHead(200, { etag: '"1"', 'content-type': 'application/gzip' }).end(archive);
  });
  const archive = await dataBundle('r1', 'a', 1);
  open(remote('a', { polling })).start();
  await until('it is polled', () => server.requests.length > 3, withinMs);
  assert.equal(server.requests[1]?.headers['prefer'], 'modes=snapshot,delta');
});

test('a token is read from its file for each request, and never follows a redirect elsewhere', async () => {
  const file = join(directory, 'token');
  writeFileSync(file, 'first\n');
  const credentials = { kind: 'bearer', token: { file }, scheme: 'Bearer' } as const;
  const other = await startBundleServer();
  try {
    const bundles = open(remote('a', { credentials, headers: { 'x-api-key': 'k' } }));
    server.publish('a', await dataBundle('r1', 'a', 1));
    await bundles.refresh();
    writeFileSync(file, 'second');
    other.publish('a', await dataBundle('r2', 'a', 2));
    server.answerWith((_request, response) => {
      response.writeHead(307, { location: `${other.url}/a` }).end();
    });
    await bundles.refresh();
    assert.deepEqual(
      server.requests.map(({ headers }) => [headers.authorization, headers['x-api-key']]),
      [
        ['Bearer first', 'k'],
        ['Bearer second', 'k'],
      ],
    );
    assert.deepEqual(revisions(), ['r1', 'r2']);
    const [asked] = other.requests;
    assert.equal(asked?.headers.authorization, undefined);
    assert.equal(asked?.headers['x-api-key'], undefined);
    rmSync(file);
    await bundles.refresh();
    assert.match(messageOf(bundles), /token .*cannot be read/);
  } finally {
    await other.close();
  }
});

test('an OAuth2 token is had with the secret, used while it holds, and renewed when refused', async () => {
  const archive = await dataBundle('r1', 'a', 1);
  let issued = 0;
  server.answerWith((request, response) => {
    if (request.method === 'POST') {
      issued += 1;
      response.end(
        JSON.stringify({ access_token: `t${issued}`, token_type: 'Bearer', expires_in: 3600 }),
      );
    } else if (request.headers.authorization === `Bearer t${issued}` && issued !== 1) {
      response.writeHead(200, { etag: '"1"' }).end(archive);
    } else {
      response.writeHead(401).end();
    }
  });
  const bundles = open(
    remote('a', {
      credentials: {
        kind: 'oauth2',
        tokenUrl: `${server.url}/token`,
        clientId: 'id',
        clientSecret: 's:1',
        scopes: ['read'],
      },
    }),
  );
  await bundles.refresh();
  assert.equal(documentOf(bundles)['http_code'], 401);
  await bundles.refresh();
  await bundles.refresh();
  assert.equal(issued, 2);
  assert.deepEqual(revisions(), ['r1', 'r1']);
  const basic = String(server.requests[0]?.headers.authorization).replace('Basic ', '');
  assert.equal(Buffer.from(basic, 'base64').toString(), 'id:s%3A1');
});

test('a local bundle is read anew only when it has changed, and a folder is a bundle too', async () => {
  const path = join(directory, 'a.tar.gz');
  const local = { name: 'a', source: { kind: 'local', path }, maxBytes: 10_000 } as const;
  const bundles = open(local);
  await bundles.refresh();
  assert.match(messageOf(bundles), /no such file/);
  writeFileSync(path, await bundleOf({ 'data.json': '{"a":1}' }));
  await bundles.refresh();
  await bundles.refresh();
  writeFileSync(path, Buffer.alloc(10_001));
  await bundles.refresh();
  assert.match(messageOf(bundles), /larger than 10000 bytes/);
  assert.deepEqual(results, ['failed', 'activated', 'unchanged', 'failed']);

  rmSync(path);
  const folder = open({ ...local, source: { kind: 'local', path: directory } });
  writeFileSync(join(directory, 'data.json'), '{"a":2}');
  await folder.refresh();
  assert.equal(dataOf(served.at(-1)), '{"a":2}');
});
