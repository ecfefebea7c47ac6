import { readFile } from 'node:fs/promises';
import type {
  BearerCredentials,
  HttpServerSettings,
  OAuth2Credentials,
} from '../../../domain/bundle-settings.ts';
import type { Clock } from '../../../domain/clock.ts';
import { isJsonObject } from '../../../domain/json.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import { exchange } from './http-exchange.ts';
import { SourceError } from './source.ts';

/** What goes into the header `authorization` of requests to one server. */
export interface Authorization {
  /** Undefined: nothing. Rejects with a SourceError when it should and cannot be had. */
  header(signal: AbortSignal): Promise<string | undefined>;
  /** The server did not accept the last one. */
  refused(): void;
}

export function createAuthorization(settings: HttpServerSettings, clock: Clock): Authorization {
  const { credentials } = settings;
  if (credentials?.kind === 'oauth2') {
    return createTokenCache((signal) => requestToken(credentials, settings, signal), clock);
  }
  return { header: async () => credentials && bearerHeader(credentials), refused() {} };
}

async function bearerHeader({ token, scheme }: BearerCredentials): Promise<string> {
  if ('text' in token) return `${scheme} ${token.text}`;
  try {
    return `${scheme} ${(await readFile(token.file, 'utf8')).trim()}`;
  } catch (error) {
    throw new SourceError(`the token in ${token.file} cannot be read`, { cause: error });
  }
}

interface AccessToken {
  readonly header: string;
  readonly lifetimeMs: number;
}

/** A token must still hold when the request that carries it arrives. */
const marginMs = 10_000;

function createTokenCache(
  request: (signal: AbortSignal) => Promise<AccessToken>,
  clock: Clock,
): Authorization {
  let header: string | undefined;
  let expiresMs = 0;
  return {
    async header(signal) {
      if (header === undefined || clock.monotonicMs() >= expiresMs) {
        const token = await request(signal);
        header = token.header;
        expiresMs = clock.monotonicMs() + token.lifetimeMs - marginMs;
      }
      return header;
    },
    refused() {
      header = undefined;
    },
  };
}

const maxTokenBytes = 64 * 1024;

/** RFC 6749 §4.4.2, with the client's secret as §2.3.1 prefers it. */
async function requestToken(
  { tokenUrl, clientId, clientSecret, scopes }: OAuth2Credentials,
  { tls, responseTimeoutMs, downloadTimeoutMs }: HttpServerSettings,
  signal: AbortSignal,
): Promise<AccessToken> {
  const client = [clientId, clientSecret].map(encodeURIComponent).join(':');
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (scopes.length > 0) form.set('scope', scopes.join(' '));
  const { status, body } = await exchange({
    url: new URL(tokenUrl),
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(client).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: form.toString(),
    tls,
    responseTimeoutMs,
    downloadTimeoutMs,
    maxBytes: maxTokenBytes,
    signal,
  });
  const answer = status === 200 ? parseJsonBytes(body) : undefined;
  const {
    access_token: token,
    token_type: type = 'bearer',
    expires_in: seconds = 0,
  } = isJsonObject(answer) ? answer : {};
  if (typeof token !== 'string' || typeof type !== 'string' || type.toLowerCase() !== 'bearer') {
    throw new SourceError(`the token endpoint gave no bearer token (status ${status})`);
  }
  return { header: `Bearer ${token}`, lifetimeMs: Number(seconds) * 1000 || 0 };
}
