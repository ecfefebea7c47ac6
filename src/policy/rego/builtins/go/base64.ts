/**
 * Base64 as Go decodes it: line breaks are skipped, padding must be right, and any other character
 * is an error; undefined then. Node's decoder stops at what it does not know.
 */
export function decodeBase64(text: string): Buffer | undefined {
  return decode(text, standardAlphabet, 'base64');
}

/** OPA's base64url.decode: padding may be left off altogether, never in part. */
export function decodeBase64Url(text: string): Buffer | undefined {
  const length = Buffer.byteLength(text);
  if (text.endsWith('=')) return decode(text, urlAlphabet, 'base64url');
  if (length % 4 === 1) return undefined;
  return decode(text + '='.repeat((4 - (length % 4)) % 4), urlAlphabet, 'base64url');
}

const standardAlphabet = /^[A-Za-z0-9+/]*={0,2}$/;
const urlAlphabet = /^[A-Za-z0-9_-]*={0,2}$/;

function decode(
  text: string,
  alphabet: RegExp,
  encoding: 'base64' | 'base64url',
): Buffer | undefined {
  const digits = text.replace(/[\r\n]/g, '');
  if (digits.length % 4 !== 0 || !alphabet.test(digits)) return undefined;
  return Buffer.from(digits, encoding);
}
