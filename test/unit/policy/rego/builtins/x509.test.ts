import assert from 'node:assert/strict';
import { test } from 'node:test';
import { x509Builtins } from '../../../../../src/policy/rego/builtins/x509/x509.ts';
import { answer, testAgainstOracle } from './oracle.ts';

testAgainstOracle('x509', x509Builtins);

const hostile: readonly [name: string, der: Buffer][] = [
  [
    'nested sequences',
    Buffer.concat(Array.from({ length: 5000 }, () => Buffer.from('3080', 'hex'))),
  ],
  ['a length of 4 GiB', Buffer.from('3084ffffffff00', 'hex')],
  ['zeros', Buffer.alloc(20_000)],
  ['a tag of many octets', Buffer.from('3fffffff7f00', 'hex')],
];

for (const [name, der] of hostile) {
  test(`${name} are an error of the operand, and soon`, () => {
    const started = performance.now();
    const operands = [der.toString('base64')];
    const call = { builtin: 'crypto.x509.parse_certificates', operands, nowNs: 0n };
    assert.equal(answer(x509Builtins, call), undefined);
    assert.ok(performance.now() - started < 2000);
  });
}
