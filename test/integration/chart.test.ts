import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { inspectConfiguration } from '../../src/app/gate/inspect-configuration.ts';
import { run } from '../../src/cli/run.ts';
import { Authority } from '../setup/authority.ts';
import { requireTool } from '../setup/find-tool.ts';
import { kubernetesVersion, schemaLocation } from '../setup/kubernetes-schemas.ts';
import { FakeWorld } from '../unit/cli/fake-context.ts';

interface Manifest {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec?: {
    readonly replicas?: number;
    readonly ingress?: unknown[];
    readonly egress?: unknown[];
    readonly template?: PodTemplate;
  };
}

interface PodTemplate {
  readonly metadata: { readonly annotations: Record<string, string> };
  readonly spec: {
    readonly containers: { readonly volumeMounts: { name: string; mountPath: string }[] }[];
    readonly volumes: {
      name: string;
      secret?: { secretName: string };
      configMap?: { name: string };
      csi?: { driver: string };
    }[];
  };
}

const chart = join(import.meta.dirname, '../../helm/sallyport');
const { publicKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const valuesFiles = ['values.yaml', ...readdirSync(join(chart, 'ci')).map((name) => `ci/${name}`)];

for (const name of valuesFiles) {
  const values = ['--values', join(chart, name)];

  test(`the chart with ${name} passes helm's lint`, () => {
    helm(['lint', '--strict', chart, ...values]);
  });

  test(`the chart with ${name} makes manifests that Kubernetes ${kubernetesVersion} takes`, () => {
    const location = schemaLocation(requireTool('kubernetes-schemas'));
    // It is no kind of Kubernetes' own.
    const skipped = ['-skip', 'PodMonitor'];
    const options = ['-strict', '-kubernetes-version', kubernetesVersion, ...skipped];
    execFileSync(requireTool('kubeconform'), [...options, '-schema-location', location], {
      input: render(values),
    });
  });

  test(`the chart with ${name} writes a configuration that Sallyport takes`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-chart-'));
    t.after(() => {
      rmSync(directory, { recursive: true });
    });
    const { data = {} } = manifest(values, 'ConfigMap');
    for (const [file, text] of Object.entries(data)) {
      writeFileSync(join(directory, file), mountedIn(directory, text));
    }
    const world = new FakeWorld();
    const config = join(directory, 'sallyport.yaml');
    const status = await run(['validate', '-c', config], {
      ...world.context,
      inspectConfiguration,
    });
    assert.deepEqual([status, world.stdout, world.stderr], [0, `${config}: valid\n`, '']);
  });
}

const authority = new Authority();
after(() => {
  authority.remove();
});
const own = authority.issue({ names: 'DNS:sallyport' });

/** Everything that a Secret or a ConfigMap would hold, by the name of its file. */
const mounted: readonly (readonly [name: RegExp, content: string | Uint8Array])[] = [
  [/\.tar\.gz$/, readFileSync(join(chart, '../../bundles/example.tar.gz'))],
  [/redis\/url$/, 'redis://limits.example:6379'],
  [/token$/, 'a-token-for-tests-only'],
  [/bundle-keys/, publicKey],
  [/sallyport-chart-\w+\/tls\/tls\.crt$/, own.certificate],
  [/sallyport-chart-\w+\/tls\/tls\.key$/, own.privateKey],
  [/sallyport-chart-\w+\/client-ca\/ca\.crt$/, authority.own.certificate],
  [/sallyport-chart-\w+\/tls\/ca\.crt$/, authority.own.certificate],
  [/./, 'content'],
];

/** The text, with what the image and the volumes have in a folder that is there. */
function mountedIn(directory: string, text: string): string {
  const moved = text.replaceAll(/\/(?:etc|var\/lib)\/sallyport(?=\/|$)|\/app(?=\/)/gm, directory);
  for (const [path] of moved.matchAll(/\/[\w./-]+/g)) {
    const isFile = path.startsWith(`${directory}/`);
    const [, content = ''] = mounted.find(([name]) => name.test(path)) ?? [];
    if (!isFile) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return moved;
}

test('values that the chart does not know are refused', () => {
  assert.match(refusalOf(['--set', 'replicas=3']), /replicas/);
  assert.match(refusalOf(['--set', 'config.admin.address=0.0.0.0:1']), /admin/);
  assert.match(refusalOf(['--set', 'image.digest=latest']), /digest/);
  assert.match(refusalOf(['--set', 'bundle.options.url=https://a']), /url/);
  assert.match(refusalOf(['--set', 'redis.tls.cert=a']), /cert/);
  assert.match(refusalOf(['--set', 'tls.secret=a']), /allowedClients/);
  assert.match(refusalOf(['--set', 'tls.workloadApi.csiDriver=a']), /allowedClients/);
});

function renderFails(values: string, sentence: RegExp): void {
  assert.throws(() => render(['--set', values]), sentence, values);
}

test('what would cut a drain short, or give two certificates, is refused with a sentence', () => {
  renderFails('config.server.drainTimeout=1m', /Seconds must be more than 65:/);
  renderFails('config.server.drainTimeout=34001ms', /must be more than 40:/);
  renderFails('terminationGracePeriodSeconds=25', /must be more than 25:/);
  const both = 'tls.secret=a,tls.workloadApi.csiDriver=b,tls.allowedClients={spiffe://a/b}';
  renderFails(both, /keep one of them/);
});

const allowed = ['--set', 'tls.allowedClients={spiffe://a/b}'];

test('the authorities of clients come from the Secret, or from a ConfigMap of their own', () => {
  const values = [...allowed, '--set', 'tls.secret=ours'];
  const pathWith = (...more: string[]): string | undefined =>
    /clientCa: (\S+)/.exec(configWith(...values, ...more))?.[1];
  assert.equal(pathWith(), '/etc/sallyport/tls/ca.crt');
  const apart = ['--set', 'tls.clientCa.configMap=mesh,tls.clientCa.key=all.pem'];
  assert.equal(pathWith(...apart), '/etc/sallyport/client-ca/all.pem');
  const { volumes } = podOf(...values, ...apart).spec;
  assert.ok(volumes.some(({ configMap }) => configMap?.name === 'mesh'));
});

test('the agent of SPIRE is mounted where the configuration looks for it', () => {
  const values = [...allowed, '--set', 'tls.workloadApi.csiDriver=csi.spiffe.io'];
  const { volumes, containers } = podOf(...values).spec;
  const volume = volumes.find(({ csi }) => csi?.driver === 'csi.spiffe.io');
  const mount = containers[0]?.volumeMounts.find(({ name }) => name === volume?.name);
  assert.ok(mount);
  assert.match(
    configWith(...values),
    new RegExp(`workloadApi: unix:${mount.mountPath}/spire-agent.sock`),
  );
});

test('an emptied list of clients lets nobody in, not everybody', () => {
  const nobody = ['--set-json', 'networkPolicy={"clients":[],"monitoring":[]}'];
  assert.deepEqual(manifest(nobody, 'NetworkPolicy').spec?.ingress ?? [], []);
});

function configWith(...values: string[]): string {
  return manifest(values, 'ConfigMap').data?.['sallyport.yaml'] ?? '';
}

function podOf(...values: string[]): PodTemplate {
  const template = manifest(values, 'Deployment').spec?.template;
  assert.ok(template);
  return template;
}

test('a Secret that is named is mounted as a folder, and no other', () => {
  const { volumes, containers } = podOf('--set', 'admin.tokenSecret=ours').spec;
  const secrets = volumes.filter(({ secret }) => secret !== undefined);
  assert.deepEqual(
    secrets.map(({ name, secret }) => [name, secret?.secretName]),
    [['admin', 'ours']],
  );
  const mounts = containers[0]?.volumeMounts.map(({ mountPath }) => mountPath);
  assert.deepEqual(mounts, ['/etc/sallyport/config', '/etc/sallyport/admin']);
});

function sumWith(...values: string[]): string | undefined {
  return podOf(...values).metadata.annotations['checksum/config'];
}

test('pods are replaced for what is read at start, and not for what is taken over', () => {
  for (const live of ['policy.maxFuel=20000', 'identity.trustDomains={a.example}']) {
    assert.equal(sumWith('--set', `config.${live}`), sumWith(), live);
  }
  assert.equal(
    sumWith('--set', 'limits[0].name=a,limits[0].rate=1/1s'),
    sumWith('--set', 'limits[0].name=b,limits[0].rate=2/1s'),
  );
  for (const atStart of [
    'server.checkTimeout=9ms',
    'server.tls.workloadApi=unix:/a',
    'policy.status.url=https://a',
    'redis.cluster={a:1}',
  ]) {
    assert.notEqual(sumWith('--set', `config.${atStart}`), sumWith(), atStart);
  }
  const secret = ['--set', 'tls.secret=a', '--set'];
  assert.equal(
    sumWith(...secret, 'tls.allowedClients={spiffe://a/b}'),
    sumWith(...secret, 'tls.allowedClients={spiffe://a/c}'),
  );
});

function egressWith(...values: string[]): unknown[] {
  return manifest(values, 'NetworkPolicy').spec?.egress ?? [];
}

test('the way out is open for what is configured only', () => {
  assert.deepEqual(egressWith(), []);
  const names = 1;
  assert.equal(egressWith('--set', 'redis.secret=a').length, names + 1);
  assert.equal(egressWith('--set', 'redis.secret=a,bundle.url=https://b').length, names + 2);
  const issuer = 'config.identity.jwt[0].jwks';
  assert.equal(egressWith('--set', `${issuer}.url=https://c`).length, names + 1);
  assert.deepEqual(egressWith('--set', `${issuer}.file=/c`), []);
});

function sharedConfigWith(more: string): string {
  const values = `redis.secret=a,autoscaling.enabled=true,${more}`;
  return configWith('--set', values);
}

test('a configuration may count replicas itself; else they are as many as there may be', () => {
  assert.match(sharedConfigWith('autoscaling.maxReplicas=7'), /replicas: 7$/m);
  assert.match(sharedConfigWith('config.redis.replicas=auto'), /replicas: auto$/m);
});

test('the autoscaler alone decides the number of replicas', () => {
  const autoscaled = ['--set', 'autoscaling.enabled=true'];
  assert.equal(manifest(autoscaled, 'Deployment').spec?.replicas, undefined);
  assert.equal(manifest([], 'Deployment').spec?.replicas, 2);
});

function manifest(values: readonly string[], kind: string): Manifest {
  const manifests = parseAllDocuments(render(values)).map(
    (document) => document.toJS() as Manifest,
  );
  const found = manifests.find((candidate) => candidate.kind === kind);
  assert.ok(found, `the chart makes no ${kind}`);
  return found;
}

function render(values: readonly string[]): string {
  return helm(['template', '--kube-version', kubernetesVersion, 'shop', chart, ...values]);
}

function refusalOf(values: readonly string[]): string {
  const { status, stdout } = spawnSync(
    requireTool('helm'),
    ['lint', '--strict', chart, ...values],
    {
      encoding: 'utf8',
    },
  );
  assert.equal(status, 1);
  return stdout;
}

function helm(args: readonly string[]): string {
  return execFileSync(requireTool('helm'), args, { encoding: 'utf8', stdio: 'pipe' });
}
