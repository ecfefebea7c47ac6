import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OutsideKeeper } from '../../../src/app/policy/outside-keeper.ts';

const config = {
  hosts: ['api.example'],
  maxTimeoutMs: 1000,
  maxResponseBytes: 1e6,
  maxCacheBytes: 1e6,
};

test('what hosts have answered is kept from one bundle to the next, and not beyond other hosts', () => {
  const keeper = new OutsideKeeper();
  const first = keeper.outsideFor(config);
  assert.equal(keeper.outsideFor(structuredClone(config)), first);
  assert.notEqual(keeper.outsideFor({ ...config, hosts: [] }), first);
});
