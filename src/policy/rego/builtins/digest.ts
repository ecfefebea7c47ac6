import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Builtin, BuiltinTable } from '../builtin.ts';
import { stringOperand } from './operands.ts';

/** crypto.md5 and its like, and crypto.hmac.*: hexadecimal digests of a text's UTF-8. */
export const digestBuiltins: BuiltinTable = {
  'crypto.md5': digest('md5'),
  'crypto.sha1': digest('sha1'),
  'crypto.sha256': digest('sha256'),
  'crypto.hmac.md5': hmac('md5'),
  'crypto.hmac.sha1': hmac('sha1'),
  'crypto.hmac.sha256': hmac('sha256'),
  'crypto.hmac.sha512': hmac('sha512'),
  'crypto.hmac.equal': (_call, left, right) =>
    isEqual(Buffer.from(stringOperand(left, 1)), Buffer.from(stringOperand(right, 2))),
};

function digest(algorithm: string): Builtin {
  return (_call, text) => createHash(algorithm).update(stringOperand(text, 1)).digest('hex');
}

function hmac(algorithm: string): Builtin {
  return (_call, message, key) => {
    const text = stringOperand(message, 1);
    return createHmac(algorithm, stringOperand(key, 2)).update(text).digest('hex');
  };
}

/** In constant time; only the length shows, as in Go. */
function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}
