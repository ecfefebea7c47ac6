import type { HeaderField } from '../decision/decision.ts';

/** RFC 9110 §5.6.2 token. Lower-case only after `toLowerCase`; pseudo-headers never match. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,256}$/;
/** RFC 9110 §5.5 field-content: no CR, LF, NUL or other controls but tab. */
const valuePattern = /^[\t\x20-\x7e\x80-\uffff]*$/;

/** Envoy's default limits are 100 headers and 60 KiB; a policy may use part of that. */
export const maxHeaderFields = 64;
export const maxHeaderValueBytes = 8 * 1024;
export const maxHeaderSetBytes = 32 * 1024;

/** Headers that route or frame the message: changing them is not a policy's business. */
const forbiddenNames = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'upgrade',
  'te',
  'trailer',
  'keep-alive',
  'proxy-connection',
]);

/**
 * Why a header may not be written, or undefined when it may. Envoy answers 500 for some of these
 * and forwards others as they are; either would be the policy's mistake becoming the caller's.
 */
export function headerFault(field: HeaderField): string | undefined {
  const name = field.name.toLowerCase();
  if (!namePattern.test(name)) return `header name ${JSON.stringify(field.name)} is not valid`;
  if (forbiddenNames.has(name)) return `header ${name} may not be changed`;
  if (!valuePattern.test(field.value)) return `the value of header ${name} has control characters`;
  if (Buffer.byteLength(field.value) > maxHeaderValueBytes) {
    return `the value of header ${name} is longer than ${maxHeaderValueBytes} bytes`;
  }
  return undefined;
}

/** Why a set of headers may not be written, or undefined when it may. */
export function headerSetFault(fields: readonly HeaderField[]): string | undefined {
  if (fields.length > maxHeaderFields) return `more than ${maxHeaderFields} headers`;
  let totalBytes = 0;
  for (const field of fields) {
    const fault = headerFault(field);
    if (fault !== undefined) return fault;
    totalBytes += field.name.length + Buffer.byteLength(field.value);
  }
  return totalBytes > maxHeaderSetBytes
    ? `more than ${maxHeaderSetBytes} bytes of headers`
    : undefined;
}

/**
 * A test for the names under a prefix, in any spelling: `-` and `_` are one to servers that make
 * variables of headers (CGI and its heirs).
 */
export function headersUnder(prefix: string): (name: string) => boolean {
  const parts = prefix.split(/[-_]/).map((part) => part.replaceAll(/\W/g, String.raw`\$&`));
  const pattern = new RegExp(`^${parts.join('[-_]')}`, 'i');
  return (name) => pattern.test(name);
}
