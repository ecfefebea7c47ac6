import { isIP } from 'node:net';

/** The hosts that policies may ask, as the configuration names them. */
export interface AllowedHosts {
  /** Without ports, in lower case. */
  readonly names: ReadonlySet<string>;
  /** `host` for any port, `host:port` for one. */
  readonly authorities: ReadonlySet<string>;
}

/** From `api.example`, `api.example:8443`, `10.0.0.1` or `[::1]:80`. Nothing stands for many hosts. */
export function readAllowedHosts(entries: readonly string[]): AllowedHosts {
  const authorities = entries.map((entry) => entry.toLowerCase());
  const names = authorities.map((authority) =>
    authority.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''),
  );
  return { names: new Set(names), authorities: new Set(authorities) };
}

const defaultPorts: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

export function allowsHost({ authorities }: AllowedHosts, url: URL): boolean {
  const port = url.port === '' ? defaultPorts[url.protocol] : url.port;
  if (port === undefined) return false;
  return authorities.has(url.hostname) || authorities.has(`${url.hostname}:${port}`);
}

/**
 * Whether a host's name may lead to this address: not to the link's own, where clouds keep
 * credentials (169.254.169.254), unless the configuration names the address itself.
 */
export function allowsAddress({ names }: AllowedHosts, address: string): boolean {
  if (isIP(address) === 0) return false;
  const isLinkLocal = /^(?:::ffff:)?169\.254\.|^fe[89ab][0-9a-f]:/i.test(address);
  return !isLinkLocal || names.has(address.toLowerCase());
}
