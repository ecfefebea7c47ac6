import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { Config } from '../../../src/config/config.ts';
import { loadConfig } from '../../../src/config/load-config.ts';
import { formatProblem } from '../../../src/config/problem.ts';
import { writtenDirectory, writtenFile } from './written-file.ts';

const minimal = 'identity: { trustDomains: [prod] }\npolicy: { bundle: policy/b.tar.gz }\n';

function configOf(text: string, environment: Record<string, string> = {}): Config {
  const loaded = loadConfig(writtenFile(text), environment);
  if ('config' in loaded) return loaded.config;
  throw new Error(loaded.problems.map(formatProblem).join('\n'));
}

function problemsOf(text: string | Uint8Array, environment: Record<string, string> = {}): string[] {
  const loaded = loadConfig(writtenFile(text), environment);
  assert.ok('problems' in loaded, 'the file is not refused');
  return loaded.problems.map((problem) =>
    formatProblem(problem).replace(`${writtenDirectory}/`, ''),
  );
}

test('every default is filled in', () => {
  assert.deepEqual(configOf(minimal), {
    server: {
      address: { kind: 'tcp', host: '0.0.0.0', port: 9191 },
      maxMessageBytes: 4 * 1024 * 1024,
      maxConcurrentStreams: 1000,
      maxChecksInFlight: 1000,
      checkTimeoutMs: 150,
      deadlineMarginMs: 20,
      keepalive: { intervalMs: 30_000, timeoutMs: 10_000 },
      connectionAge: { maxMs: 1_800_000, graceMs: 30_000 },
      drainTimeoutMs: 20_000,
      workers: 1,
    },
    admin: { address: { kind: 'tcp', host: '127.0.0.1', port: 9192 } },
    identity: {
      trustDomains: ['prod'],
      federatedTrustDomains: [],
      sources: ['peer'],
      require: 'either',
      jwt: [],
      maxVerificationsPerSecond: 1000,
    },
    policy: {
      bundles: [
        {
          name: 'b',
          source: { kind: 'local', path: join(writtenDirectory, 'policy/b.tar.gz') },
          maxBytes: 256 * 1024 * 1024,
        },
      ],
      decision: 'envoy/authz/allow',
      decisionFrom: 'configuration',
      skipRequestBodyParse: false,
      maxBodyBytes: 256 * 1024,
      maxFuel: 5_000_000,
    },
    grants: { approval: 'none', maxDurationMs: 8 * 3_600_000 },
    audit: { stdout: true, labels: new Map(), mask: [] },
    headers: { prefix: 'x-sallyport-', rateLimit: 'draft-10' },
    insecure: { ambiguousPaths: [] },
  });
});

test('optional sections are read, with their own defaults', () => {
  const config = configOf(`${minimal}
limits: /etc/limits.yaml
redis: { url: 'rediss://u:p@redis.example:6379/2', replicas: 3 }
audit: { file: { path: d.jsonl }, mask: [/input/parsed_body/card] }
insecure: { ambiguousPaths: [semicolon] }
`);
  assert.equal(config.limits, '/etc/limits.yaml');
  assert.deepEqual(config.redis, {
    url: 'rediss://u:p@redis.example:6379/2',
    protocol: 3,
    connectTimeoutMs: 1000,
    commandTimeoutMs: 50,
    keyPrefix: 'sallyport:',
    replicas: 3,
  });
  assert.deepEqual(config.audit.file, {
    path: join(writtenDirectory, 'd.jsonl'),
    maxBytes: 100 * 1024 * 1024,
    keep: 5,
  });
  assert.deepEqual(config.audit.mask, ['/input/parsed_body/card']);
  assert.deepEqual(config.insecure.ambiguousPaths, ['semicolon']);
});

test('the shipped example is a valid configuration', () => {
  const path = fileURLToPath(
    new URL('../../../examples/quickstart/sallyport.yaml', import.meta.url),
  );
  const loaded = loadConfig(path, {});
  assert.ok('config' in loaded);
  assert.equal(loaded.config.limits, resolve(path, '../limits.yaml'));
});

test('a configuration is frozen through and through', () => {
  const config = configOf(minimal);
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  assert.ok(frozen(config));
});

test('without trust domains a configuration is valid only when the policy decides', () => {
  const text = 'policy: { bundle: b.tar.gz }\nidentity: { require: none }\n';
  assert.deepEqual(configOf(text).identity.trustDomains, []);
});

test('an environment variable overrides what is written', () => {
  const config = configOf(`${minimal}server: { address: 0.0.0.0:1 }\n`, {
    SALLYPORT_SERVER_ADDRESS: 'unix:/run/sallyport.sock',
  });
  assert.deepEqual(config.server.address, { kind: 'unix', path: '/run/sallyport.sock' });
});

test('environment variables fill sections that are not written, numbers, flags and lists', () => {
  const config = configOf('', {
    SALLYPORT_IDENTITY_TRUST_DOMAINS: 'prod, stage',
    SALLYPORT_POLICY_BUNDLE: 'b.tar.gz',
    SALLYPORT_REDIS_URL: 'redis://:se#cret@redis:6379'.replace('#', '%23'),
    SALLYPORT_REDIS_REPLICAS: '2',
    SALLYPORT_AUDIT_STDOUT: 'false',
    SALLYPORT_SERVER_KEEPALIVE_INTERVAL: '1m',
  });
  assert.deepEqual(config.identity.trustDomains, ['prod', 'stage']);
  assert.equal(config.redis?.replicas, 2);
  assert.equal(config.audit.stdout, false);
  assert.equal(config.server.keepalive.intervalMs, 60_000);
});

test('an unknown SALLYPORT_ variable is refused with the nearest one', () => {
  assert.deepEqual(problemsOf(minimal, { SALLYPORT_SERVER_ADRESS: '0.0.0.0:1' }), [
    '$SALLYPORT_SERVER_ADRESS: is not a setting; did you mean SALLYPORT_SERVER_ADDRESS?',
  ]);
});

test('a bad value from the environment is refused by its variable, and not repeated', () => {
  assert.deepEqual(problemsOf(minimal, { SALLYPORT_AUDIT_STDOUT: 'hunter2' }), [
    '$SALLYPORT_AUDIT_STDOUT: audit.stdout: must be true or false',
  ]);
});

test('the variables that Kubernetes sets for Services are not settings', () => {
  const links = {
    SALLYPORT_SERVICE_HOST: '10.0.0.1',
    SALLYPORT_SERVICE_PORT: '9191',
    SALLYPORT_SERVICE_PORT_GRPC: '9191',
    SALLYPORT_PORT: 'tcp://10.0.0.1:9191',
    SALLYPORT_PORT_9191_TCP: 'tcp://10.0.0.1:9191',
    SALLYPORT_PORT_9191_TCP_ADDR: '10.0.0.1',
    SALLYPORT_ADMIN_SERVICE_HOST: '10.0.0.2',
  };
  assert.ok(configOf(minimal, links));
});

test('a variable that is like a Service’s, but none, is refused', () => {
  const [problem, ...others] = problemsOf(minimal, { SALLYPORT_SERVER_PORT: '9191' });
  assert.match(String(problem), /^\$SALLYPORT_SERVER_PORT: is not a setting/);
  assert.deepEqual(others, []);
});

test('references are filled from the environment and from files, once', () => {
  writtenFile('redis://:s3cret@redis:6379\n', 'redis-url');
  const config = configOf(
    `${minimal}redis: { url: '\${file:redis-url}', keyPrefix: 'a-\${NAME}:', replicas: '\${COUNT}' }\n`,
    { NAME: 'b', COUNT: '4' },
  );
  assert.equal(config.redis?.url, 'redis://:s3cret@redis:6379');
  assert.equal(config.redis?.keyPrefix, 'a-b:');
  assert.equal(config.redis?.replicas, 4);
});

test('what a reference brings is not read for references again', () => {
  const config = configOf(`${minimal}audit: { mask: ['/input/\${NAME}', '/input/$\${NAME}'] }\n`, {
    NAME: '${OTHER}',
  });
  assert.deepEqual(config.audit.mask, ['/input/${OTHER}', '/input/${NAME}']);
});

test('a file that cannot be read, is too large or is not UTF-8 is refused as a whole', () => {
  const loaded = loadConfig(join(writtenDirectory, 'absent.yaml'), {});
  assert.ok('problems' in loaded);
  assert.match(loaded.problems[0]?.message ?? '', /there is no such file/);
  assert.deepEqual(problemsOf('#'.repeat(1024 * 1024 + 1)), [
    'sallyport.yaml: is larger than 1048576 bytes',
  ]);
  assert.deepEqual(problemsOf(Uint8Array.of(0x61, 0xff)), ['sallyport.yaml: is not UTF-8 text']);
});

test('aliases cannot make a small file a large one', () => {
  const bomb = Array.from({ length: 9 }, (_, level) => {
    const item = level === 0 ? 'x' : `*a${level - 1}`;
    return `k${level}: &a${level} [${Array(9).fill(item).join()}]`;
  });
  assert.ok(problemsOf(bomb.join('\n')).length < 50);
  const many = `insecure: { ambiguousPaths: &a [] }\nk: [${Array(200).fill('*a').join()}]`;
  assert.ok(problemsOf(many).some((problem) => problem.includes('is alias number 101')));
});

test('text that is nested without end is refused', () => {
  for (const text of ['['.repeat(200_000), 'a: {'.repeat(50_000), '- '.repeat(100_000)]) {
    assert.ok(problemsOf(text).length > 0);
  }
});

test('any text is a configuration or problems with a place and a sentence, never a throw', () => {
  const fragment = fc.constantFrom(
    'server:',
    'policy: ',
    'identity: {',
    '}',
    '[',
    ']',
    ': ',
    '- ',
    '\n',
    '  ',
    '\t',
    '&a ',
    '*a',

    '${',
    '}',
    '${A}',
    '${file:/}',
    '"',
    "'",
    '|',
    '>',
    '---',
    '!!x',
    '%YAML',
    '#',
    '? ',
    '<<',
    '\0',
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fragment).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(text, (yaml) => {
      const loaded = loadConfig(writtenFile(yaml), { A: '1' });
      if ('config' in loaded) return;
      assert.ok(loaded.problems.length > 0);
      for (const problem of loaded.problems) {
        assert.ok(problem.message !== '');
        assert.ok((problem.line ?? 1) >= 1);
      }
    }),
    { numRuns: 500 },
  );
});
