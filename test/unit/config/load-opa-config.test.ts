import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { Config } from '../../../src/config/config.ts';
import { loadOpaConfig } from '../../../src/config/opa/load-opa-config.ts';
import { formatProblem, type Problem } from '../../../src/config/problem.ts';
import { writtenFile } from './written-file.ts';

const services = `
services:
  control: { url: https://opa.example, credentials: { bearer: { token: "\${TOKEN}" } } }
bundles:
  authz: { service: control, resource: bundles/authz.tar.gz, persist: true }
`;

function load(text: string) {
  return loadOpaConfig(writtenFile(text), { TOKEN: 'secret' });
}

function read(text: string): { config: Config; warnings: string } {
  const loaded = load(text);
  assert.ok('config' in loaded, 'problems' in loaded ? textOf(loaded.problems) : '');
  return { config: loaded.config, warnings: textOf(loaded.warnings ?? []) };
}

function textOf(problems: readonly Problem[]): string {
  return problems.map(formatProblem).join('\n');
}

test("opa-envoy-plugin's configuration becomes ours", () => {
  const { config, warnings } = read(`${services}
labels: { region: west }
decision_logs: { console: true }
plugins:
  envoy_ext_authz_grpc:
    addr: :9291
    path: /istio/authz/allow
    dry-run: false
    skip-request-body-parse: true
    proto-descriptor: protos.pb
    grpc-max-recv-msg-size: 1048576
`);
  assert.equal(warnings, '');
  assert.deepEqual(config.server.address, { kind: 'tcp', host: '0.0.0.0', port: 9291 });
  assert.equal(config.server.maxMessageBytes, 1024 * 1024);
  assert.equal(config.identity.require, 'none');
  assert.equal(config.policy.decision, 'istio/authz/allow');
  assert.equal(config.policy.skipRequestBodyParse, true);
  assert.equal(config.policy.protoDescriptor, resolve('protos.pb'));
  assert.equal(config.audit.stdout, true);
  assert.deepEqual([...config.audit.labels], [['region', 'west']]);
  const [bundle] = config.policy.bundles;
  assert.ok(bundle?.source.kind === 'http');
  assert.equal(bundle.source.url, 'https://opa.example/bundles/authz.tar.gz');
  assert.deepEqual(bundle.source.credentials, {
    kind: 'bearer',
    scheme: 'Bearer',
    token: { text: 'secret' },
  });
  assert.equal(bundle.persistDirectory, resolve('.opa'));
});

test('what is not said is as in OPA: its port, its decision, no records on the console', () => {
  const { config } = read(services);
  assert.deepEqual(config.server.address, { kind: 'tcp', host: '0.0.0.0', port: 9191 });
  assert.equal(config.policy.decision, 'envoy/authz/allow');
  assert.equal(config.audit.stdout, false);
});

function addressOf(addr: string) {
  const text = `${services}plugins: { envoy_ext_authz_grpc: { addr: '${addr}' } }`;
  return read(text).config.server.address;
}

test('addresses are read as the plugin reads them', () => {
  assert.deepEqual(addressOf('grpc://127.0.0.1:1'), { kind: 'tcp', host: '127.0.0.1', port: 1 });
  assert.deepEqual(addressOf('unix:///run/opa.sock'), { kind: 'unix', path: '/run/opa.sock' });
});

test('what is left out and changes no decision is said, with its place', () => {
  const { warnings } = read(`${services}
metrics_export: {}
decision_logs:
  console: true
  reporting: { min_delay_seconds: 1 }
plugins: { envoy_ext_authz_grpc: { enable-reflection: true } }
`);
  assert.match(warnings, /yaml:7: metrics_export: is not done by this version/);
  assert.match(warnings, /yaml:10: decision_logs\.reporting: is not done/);
  assert.match(warnings, /yaml:11: plugins\.envoy_ext_authz_grpc\.enable-reflection: is not done/);
});

function statusUrl(status: string): string | undefined {
  const { config, warnings } = read(`${services}status: ${status}\n`);
  assert.equal(warnings, '');
  return config.policy.status?.url;
}

test('the service that is told the status, and its path, are chosen as OPA chooses them', () => {
  assert.equal(statusUrl('{ service: control }'), 'https://opa.example/status');
  assert.equal(statusUrl('{ partition_name: west }'), 'https://opa.example/status/west');
  assert.equal(statusUrl('{}'), 'https://opa.example/status');
  assert.equal(statusUrl('{ console: true }'), undefined);
  assert.equal(statusUrl('{ prometheus: true }'), undefined);
  assert.equal(statusUrl('{ prometheus: true, service: control }'), 'https://opa.example/status');
  const { credentials } = read(`${services}status: {}\n`).config.policy.status ?? {};
  assert.deepEqual(credentials, { kind: 'bearer', scheme: 'Bearer', token: { text: 'secret' } });
});

const refusals: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  [
    'a dry run',
    'plugins: { envoy_ext_authz_grpc: { dry-run: true } }',
    /dry-run: is not available/,
  ],
  ['discovery', 'discovery: { resource: a }', /yaml:7: discovery: is not available/],
  [
    'a mask that would not be applied',
    'decision_logs: { mask_decision: a }',
    /mask_decision: is not available/,
  ],
  [
    'a status for nobody',
    'status: { service: other }',
    /policy\.opa: status names a service that is not in services/,
  ],
  ['a misspelt key', 'plugin: {}', /yaml:7: plugin: is not a key of OPA; did you mean plugins/],
  ['another plugin', 'plugins: { mine: {} }', /plugins\.mine: is not a key of OPA/],
  ['a missing variable', 'labels: { a: "${NONE}" }', /variable NONE is not set/],
  ['no YAML', '{', /cannot be read|Flow map|flow collection/i],
];

for (const [name, text, says] of refusals) {
  test(`a configuration with ${name} is refused`, () => {
    const loaded = load(`${services}\n${text}\n`);
    assert.ok('problems' in loaded);
    assert.match(textOf(loaded.problems), says);
  });
}

test('a configuration without bundles is refused', () => {
  const loaded = load('services: {}\n');
  assert.ok('problems' in loaded);
  assert.match(textOf(loaded.problems), /policy\.opa\.bundles: is missing/);
});
