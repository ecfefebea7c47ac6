import { isLoopback } from '../domain/listen-address.ts';

/**
 * Whether the request was meant for this machine. A page of another site that has rebound its name
 * to 127.0.0.1 reaches a loopback address through the browser, but with its own name in Host.
 */
export function isMeantForLoopback(hostHeader: string | undefined): boolean {
  const name = (hostHeader ?? '').replace(/:[0-9]+$/, '').toLowerCase();
  return isLoopback(name);
}
