import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressFrom } from '../../../src/admin/bucket-address.ts';

test('whatever a limit may count by can be said, with the name of a header in small letters', () => {
  const parts = {
    caller: 'spiffe://prod/ns/shop/sa/web',
    service: 'orders',
    rule: 'reads',
    'source.ip': '10.0.0.7',
    'token.sub': 'https://tokens.example alice',
    'contextExtension:tier': 'gold',
  };
  const address = addressFrom({ ...parts, 'header:X-Tenant': null, limit: 'few' });
  assert.deepEqual(address, {
    limit: 'few',
    counted: new Map(Object.entries({ ...parts, 'header:x-tenant': null })),
  });
});

test('what no limit counts by is named, with what there is', () => {
  for (const name of ['token', 'token.', 'header:', 'header:a b', 'user', '__proto__']) {
    const address = addressFrom({ [name]: 'x' });
    assert.ok(typeof address === 'string', name);
    assert.match(address, /is no part that limits count by; .*token\.CLAIM/);
  }
});
