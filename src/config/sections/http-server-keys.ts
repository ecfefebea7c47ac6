import type { HttpServerSettings } from '../../domain/bundle-settings.ts';
import { type Conflict, conflictIf, optional } from '../schema/schema.ts';
import { filePath } from '../schema/values.ts';

/** How Sallyport shows a server who it is, and knows it, in a section that also has its `url`. */
export interface WrittenCredentials {
  readonly tokenFile?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
}

/** Rows of such a section's table. */
export const credentialKeys = {
  tokenFile: optional('tokenFile', filePath, 'A bearer token; read for each request.'),
  ca: optional('ca', filePath, 'The authorities (PEM) that the server’s certificate must be of.'),
  certificate: optional('certificate', filePath, 'Shown to the server (PEM).'),
  privateKey: optional('privateKey', filePath, 'Its key.'),
};

export function credentialConflicts({
  certificate,
  privateKey,
}: WrittenCredentials): readonly Conflict[] {
  const isHalf = (certificate === undefined) !== (privateKey === undefined);
  return conflictIf(isHalf, 'certificate', 'and privateKey go together');
}

export function credentialSettings({
  tokenFile,
  ca,
  certificate,
  privateKey,
}: WrittenCredentials): Pick<HttpServerSettings, 'credentials' | 'tls'> {
  return {
    ...(tokenFile && {
      credentials: { kind: 'bearer', scheme: 'Bearer', token: { file: tokenFile } },
    }),
    tls: {
      ...(ca && { ca }),
      ...(certificate && { certificate }),
      ...(privateKey && { privateKey }),
    },
  };
}
