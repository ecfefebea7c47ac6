import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readGrantOrder } from '../../../src/config/access/grant-order.ts';

const order = {
  from: 'spiffe://prod/ns/ops/sa/console',
  to: 'orders',
  methods: ['GET', 'POST'],
  paths: ['/orders/{id}'],
  for: '30m',
  reason: 'incident 7',
  by: 'ann',
};

function faultsOf(parts: object): readonly string[] {
  const read = readGrantOrder({ ...order, ...parts });
  return 'problems' in read ? read.problems.map(({ path, message }) => `${path} ${message}`) : [];
}

test('an order of a grant is read', () => {
  const { for: _for, ...rest } = order;
  assert.deepEqual(readGrantOrder(order), {
    value: { ...rest, lifeMs: 1_800_000 },
  });
});

test('everything that is wrong with an order is said, and each of it', () => {
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ from: '*' }, /^from must be one caller/],
    [{ from: 'spiffe://prod/ns/ops/*' }, /^from must be one caller/],
    [{ from: 'spiffe://prod/ns/ops/../x' }, /^from must be one caller/],
    [{ from: 'x'.repeat(3000) }, /^from /],
    [{ to: 'or ders' }, /^to must be the name of a service/],
    [{ methods: [] }, /^methods is empty/],
    [{ methods: ['CONNECT'] }, /^methods\[0\] opens a tunnel/],
    [{ methods: ['get'] }, /^methods\[0\] must be an HTTP method/],
    [{ methods: Array.from({ length: 17 }, (_, at) => `M${at}`) }, /more than 16/],
    [{ paths: [] }, /^paths is empty/],
    [{ paths: ['/a/*'] }, /^paths\[0\] /],
    [{ paths: [`/${'a'.repeat(512)}`] }, /longer than 512/],
    [{ paths: Array.from({ length: 33 }, (_, at) => `/${at}`) }, /more than 32/],
    [{ for: '25h' }, /^for must be a duration from 1s to 24h/],
    [{ for: undefined }, /^for is missing/],
    [{ reason: '' }, /^reason /],
    [{ reason: 'a\nb' }, /^reason /],
    [{ by: 'b'.repeat(101) }, /^by /],
    [{ approvedBy: 'bob' }, /^approvedBy is not a key/],
  ];
  for (const [parts, expected] of wrong) {
    const faults = faultsOf(parts);
    assert.equal(faults.length, 1, JSON.stringify([parts, faults]));
    assert.match(faults[0] ?? '', expected);
  }
  assert.equal(faultsOf({ from: undefined, by: undefined, for: 'x' }).length, 3);
});
