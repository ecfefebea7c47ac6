import { isIPv4 } from 'node:net';

export type AdminAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** Whether only this machine's own users can reach the address. */
export function isLocalOnly(address: AdminAddress): boolean {
  return address.kind === 'unix' || isLoopback(address.host);
}

/**
 * Whether the request was meant for this machine. A page of another site that has rebound its name
 * to 127.0.0.1 reaches a loopback address through the browser, but with its own name in Host.
 */
export function isMeantForLoopback(hostHeader: string | undefined): boolean {
  const name = (hostHeader ?? '').replace(/:[0-9]+$/, '').toLowerCase();
  return isLoopback(name);
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1' || host === '[::1]') return true;
  return isIPv4(host) && host.startsWith('127.');
}
