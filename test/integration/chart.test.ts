import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { loadConfig } from '../../src/config/load-config.ts';
import { loadLimits } from '../../src/config/load-limits.ts';
import { requireTool } from '../setup/find-tool.ts';
import { kubernetesVersion, schemaLocation } from '../setup/kubernetes-schemas.ts';

interface Manifest {
  readonly kind: string;
  readonly data?: Record<string, string>;
  readonly spec?: { readonly replicas?: number; readonly ingress?: unknown[] };
}

const chart = join(import.meta.dirname, '../../helm/sallyport');
const valuesFiles = ['values.yaml', ...readdirSync(join(chart, 'ci')).map((name) => `ci/${name}`)];

for (const name of valuesFiles) {
  const values = ['--values', join(chart, name)];

  test(`the chart with ${name} passes helm's lint`, () => {
    helm(['lint', '--strict', chart, ...values]);
  });

  test(`the chart with ${name} makes manifests that Kubernetes ${kubernetesVersion} takes`, () => {
    const location = schemaLocation(requireTool('kubernetes-schemas'));
    const options = ['-strict', '-kubernetes-version', kubernetesVersion];
    execFileSync(requireTool('kubeconform'), [...options, '-schema-location', location], {
      input: render(values),
    });
  });

  test(`the chart with ${name} writes a configuration that Sallyport takes`, (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-chart-'));
    t.after(() => {
      rmSync(directory, { recursive: true });
    });
    const { data = {} } = manifest(values, 'ConfigMap');
    for (const [file, text] of Object.entries(data)) {
      // The Secret's volume is not here.
      const filled = text.replace(/\$\{file:.*\}/, 'redis://limits.example:6379');
      writeFileSync(join(directory, file), filled);
    }
    const loaded = loadConfig(join(directory, 'sallyport.yaml'), {});
    assert.ok('config' in loaded, JSON.stringify(loaded));
    if (loaded.config.limits === undefined) return;
    assert.ok('limits' in loadLimits(loaded.config.limits));
  });
}

test('values that the chart does not know are refused', () => {
  assert.match(refusalOf(['--set', 'replicas=3']), /replicas/);
  assert.match(refusalOf(['--set', 'config.admin.address=0.0.0.0:1']), /admin/);
  assert.match(refusalOf(['--set', 'image.digest=latest']), /digest/);
});

test('an emptied list of clients lets nobody in, not everybody', () => {
  const nobody = ['--set-json', 'networkPolicy={"clients":[],"monitoring":[]}'];
  assert.deepEqual(manifest(nobody, 'NetworkPolicy').spec?.ingress ?? [], []);
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
