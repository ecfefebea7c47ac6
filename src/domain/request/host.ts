/**
 * What a host may be made of. Left out is what two programs read differently: a list (`a,b`), user
 * information (`a@b`), a path, percent-encoding, and anything beyond ASCII (the Kelvin sign
 * lower-cases to `k`).
 */
const authorityPattern = /^(\[[0-9a-f:.]{2,45}\]|[\w.~!$&'()*+;=|-]{0,255})(?::\d{0,5})?$/i;

/**
 * The one spelling of a host: lower-case, without port and trailing dots (CVE-2021-39155); an IPv6
 * address keeps its brackets. Undefined when it cannot be read in one way only; empty for nothing,
 * and for nothing else: `..` is not a host that is unknown.
 */
export function normaliseHost(authority: string): string | undefined {
  const host = authorityPattern.exec(authority)?.[1]?.toLowerCase();
  const name = host?.endsWith('.') === true ? host.replace(/\.+$/, '') : host;
  return name === '' && authority !== '' ? undefined : name;
}
