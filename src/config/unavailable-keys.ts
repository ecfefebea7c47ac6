/** Keys of the documented format that this version cannot honour. Ignoring one could admit. */
export const unavailableKeys: ReadonlySet<string> = new Set([
  'server.tls',
  'admin.tokenFile',
  'identity.jwt',
  'access',
  'audit.upload',
  'tracing',
]);
