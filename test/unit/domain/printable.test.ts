import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../../src/domain/printable.ts';

test('control and format characters are spelled out, everything else stays', () => {
  assert.equal(printable('\u001b[2J\r\n\u009b\u202e'), '\\u001b[2J\\u000d\\u000a\\u009b\\u202e');
  assert.equal(printable('bücher: ✓ 本'), 'bücher: ✓ 本');
});
