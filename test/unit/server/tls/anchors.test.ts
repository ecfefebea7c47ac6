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
  const chain = { leaf: read(brief.issue({ days: 2 })), others: [read(brief.own)] };
  const vouchers = vouchersOf(chain, anchors, anchors);
  assert.ok(isVouchedForBy(anchors, vouchers));
  assert.equal(vouchers.expiresAtMs, read(brief.own).validToDate.getTime());
  assert.ok(vouchers.expiresAtMs < chain.leaf.validToDate.getTime());
});

test('without what lies between nobody vouches', () => {
  const anchors = [{ certificate: read(root.own) }];
  const vouchers = vouchersOf({ leaf: read(brief.issue({})), others: [] }, anchors, anchors);
  assert.ok(!isVouchedForBy(anchors, vouchers));
});
