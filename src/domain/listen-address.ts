/** Where a server listens; port 0 lets the system pick one. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** As a person writes it, and as gRPC names a target: `127.0.0.1:9191`, `[::1]:9191`, `unix:/path`. */
export function formatAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Whether only this machine's own users can reach the address. */
export function isLocalOnly(address: ListenAddress): boolean {
  return address.kind === 'unix' || isLoopback(address.host);
}

/** `localhost`, 127.0.0.0/8 and ::1, with or without the brackets of a URL. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\]|::1)$/.test(host);
}
