import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadAccess } from '../../../../src/config/access/load-access.ts';
import { writtenFile } from '../../config/written-file.ts';
import { FakeWorld } from '../fake-context.ts';

const policies = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: viewer, namespace: shop }
spec:
  selector: { matchLabels: { app: orders } }
  rules:
    - from: [{ source: { principals: [cluster.local/ns/shop/sa/web] } }]
      to: [{ operation: { methods: [GET], paths: ["/orders/*", "*.js"] } }]
---
kind: Deployment
metadata: { name: orders, namespace: shop }
spec: { template: { metadata: { labels: { app: orders } }, spec: { serviceAccountName: shop-orders } } }
`;

test('policies become a document that loads, and what was not carried is said beside it', async () => {
  const world = new FakeWorld();
  const file = writtenFile(policies, 'mesh.yaml');
  assert.equal(await world.run('import', 'istio', file, '--trust-domain', 'prod'), 0, world.stderr);
  assert.match(
    world.stderr,
    /^note: ALLOW shop\/viewer: paths \/orders\/\*, \*\.js is carried in part/m,
  );
  const loaded = loadAccess(writtenFile(world.stdout, 'access.yaml'));
  assert.ok('value' in loaded, JSON.stringify(loaded));
  const [service] = loaded.value.services;
  const principal = 'spiffe://prod/ns/shop/sa/shop-orders';
  assert.deepEqual(service?.principals, [{ kind: 'exact', principal }]);
});

test('what cannot be read, or holds no policy, is no document', async () => {
  const bad: readonly (readonly [args: readonly string[], status: number, says: RegExp])[] = [
    [[writtenFile('a: [', 'broken.yaml')], 2, /broken\.yaml is not YAML/],
    [[writtenFile('a: 1', 'other.yaml')], 1, /^no service came of it: nothing is written$/m],
    [[], 2, /which policies\?/],
    [[writtenFile(policies, 'mesh.yaml'), '--trust-domain', 'A/B'], 2, /is no trust domain/],
  ];
  for (const [args, status, says] of bad) {
    const world = new FakeWorld();
    assert.equal(await world.run('import', 'istio', ...args), status);
    assert.match(world.stderr, says);
    assert.equal(world.stdout, '');
  }
});
