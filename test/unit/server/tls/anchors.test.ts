import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { after, test } from 'node:test';
import { isVouchedForBy, vouchersOf } from '../../../../src/server/tls/anchors.ts';
import { Authority, type Issued } from '../../../setup/authority.ts';

const root = new Authority('a root');
const brief = new Authority('brief', root, 1);
after(() => {
  for (const each of [root, brief]) each.remove();
});

function read({ certificate }: Issued): X509Certificate {
  return new X509Certificate(certificate);
}

test('who hangs by an authority that it sent is known no longer than that is good', () => {
  const anchors = [{ certificate: read(root.own) }];
  const chain = { leaf: read(brief.issue({ days: 2 })), above: [read(brief.own).raw] };
  const vouchers = vouchersOf(chain, anchors, anchors, Date.now());
  assert.ok(isVouchedForBy(anchors, vouchers));
  assert.equal(vouchers.expiresAtMs, read(brief.own).validToDate.getTime());
  assert.ok(vouchers.expiresAtMs < chain.leaf.validToDate.getTime());
});

test('without what lies between nobody vouches', () => {
  const anchors = [{ certificate: read(root.own) }];
  const vouchers = vouchersOf(
    { leaf: read(brief.issue({})), above: [] },
    anchors,
    anchors,
    Date.now(),
  );
  assert.ok(!isVouchedForBy(anchors, vouchers));
});

test('an authority between that has expired vouches for nobody', () => {
  const anchors = [{ certificate: read(root.own) }];
  const chain = { leaf: read(brief.issue({ days: 2 })), above: [read(brief.own).raw] };
  const afterwards = read(brief.own).validToDate.getTime();
  assert.ok(!isVouchedForBy(anchors, vouchersOf(chain, anchors, anchors, afterwards)));
});

test('a fake authority of the same name ends the way up', () => {
  const anchors = [{ certificate: read(root.own) }];
  const fake = new Authority('brief', root);
  const chain = { leaf: read(brief.issue({})), above: [read(fake.own), read(brief.own)] };
  fake.remove();
  const above = chain.above.map(({ raw }) => raw);
  const vouchers = vouchersOf({ ...chain, above }, anchors, anchors, Date.now());
  assert.ok(!isVouchedForBy(anchors, vouchers));
});
