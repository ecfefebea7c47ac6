import type { HttpServerSettings } from '../../domain/bundle-settings.ts';
import {
  credentialConflicts,
  credentialKeys,
  credentialSettings,
  type WrittenCredentials,
} from './http-server-keys.ts';
import { defaulted, mapped, required, type Schema, section } from '../schema/schema.ts';
import { duration, httpUrl } from '../schema/values.ts';

interface WrittenStatus extends WrittenCredentials {
  readonly url: string;
  readonly responseTimeoutMs: number;
}

const written = section<WrittenStatus>(
  {
    url: required('url', httpUrl, 'Where it is posted to, with the path: https://…/status.'),
    ...credentialKeys,
    responseTimeoutMs: defaulted(
      'responseTimeout',
      duration('10ms', '10m'),
      '10s',
      'A server that takes longer is told again.',
    ),
  },
  credentialConflicts,
);

/** The server that is told how the bundles fare. */
export const statusServer: Schema<HttpServerSettings> = mapped(
  written,
  ({ url, responseTimeoutMs, ...credentials }) => ({
    url,
    headers: {},
    ...credentialSettings(credentials),
    responseTimeoutMs,
    downloadTimeoutMs: responseTimeoutMs,
  }),
);
