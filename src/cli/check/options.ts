import { messageOf } from '../../domain/fault-message.ts';
import type { ListenAddress } from '../../domain/listen-address.ts';
import { readBytes } from '../../config/yaml/read-file.ts';
import { parseDuration } from '../../config/schema/units.ts';
import { parseAddress } from '../../config/schema/values.ts';
import type { Environment } from '../../config/environment.ts';
import { jsonOption, type CommandOption } from '../command.ts';
import { type ConfigFile, configOptions, givenConfig } from '../given-config.ts';
import type { CheckClientTls } from '../../server/check-client.ts';
import type { Arguments } from '../parse-arguments.ts';
import { UsageError } from '../usage-error.ts';

export const defaultServer = '127.0.0.1:9191';

/** What `check` takes. */
export const checkOptions: readonly CommandOption[] = [
  { name: 'principal', value: 'URI', about: 'who calls: a SPIFFE ID, as Envoy would say it' },
  { name: 'method', value: 'NAME', about: 'the HTTP method; GET when it is not said' },
  { name: 'path', value: 'PATH', about: 'the path with its query, such as /orders?open=1' },
  { name: 'host', value: 'HOST', about: 'the host that is called' },
  { name: 'header', value: 'NAME:VALUE', multiple: true, about: 'a header of the request' },
  { name: 'body-file', value: 'FILE', about: 'the body of the request' },
  { name: 'token-file', value: 'FILE', about: 'a token, sent as authorization: Bearer' },
  {
    name: 'context',
    value: 'KEY=VALUE',
    multiple: true,
    about: 'a context extension of the route',
  },
  { name: 'destination', value: 'URI', about: 'who is called: the principal of that workload' },
  { name: 'source-ip', value: 'IP', about: 'where the request comes from' },
  { name: 'server', value: 'ADDRESS', about: `the server to ask; ${defaultServer}` },
  { name: 'tls-ca', value: 'FILE', about: 'over TLS: the authorities of the server (PEM)' },
  { name: 'tls-cert', value: 'FILE', about: 'over TLS: the certificate to show' },
  { name: 'tls-key', value: 'FILE', about: 'over TLS: its key' },
  {
    name: 'tls-server-name',
    value: 'NAME',
    about: 'over TLS: the SPIFFE ID or DNS name of the server, where it is not the host',
  },
  ...configOptions('decide here, without a server, with this sallyport.yaml'),
  { name: 'repeat', value: 'N', about: 'ask so many times' },
  { name: 'timeout', value: 'TIME', about: 'how long to wait for an answer; 2s' },
  jsonOption,
];

/** How and how often to ask. */
export interface CheckPlan {
  /** A configuration to decide with, or a server to ask. */
  readonly decider:
    | { readonly config: ConfigFile }
    | { readonly server: ListenAddress; readonly tls?: CheckClientTls };
  readonly repeat: number;
  readonly timeoutMs: number;
  readonly json: boolean;
}

const maxRepeat = 1_000_000;

/** @throws {UsageError} saying which option is wrong and how it is written. */
export function readPlan(given: Arguments, environment: Environment): CheckPlan {
  const config = givenConfig(given, environment);
  if (config !== undefined && given.text('server') !== undefined) {
    throw new UsageError(
      '--server asks a server, and a configuration decides here; give one of them',
    );
  }
  const repeat = given.text('repeat') ?? '1';
  const timeoutMs = parseDuration(given.text('timeout') ?? '2s');
  if (!/^[1-9]\d*$/.test(repeat) || Number(repeat) > maxRepeat) {
    throw new UsageError(`--repeat must be a number from 1 to ${maxRepeat}, not ${repeat}`);
  }
  if (timeoutMs === undefined || timeoutMs === 0) {
    throw new UsageError('--timeout must be a time such as 500ms or 2s');
  }
  return {
    decider: config === undefined ? { server: serverOf(given), ...tlsOf(given) } : { config },
    repeat: Number(repeat),
    timeoutMs,
    json: given.flag('json'),
  };
}

function serverOf(given: Arguments): ListenAddress {
  const text = given.text('server') ?? defaultServer;
  const address = parseAddress(text);
  if (address === undefined) {
    throw new UsageError(`--server must be host:port, [::1]:port or unix:/path, not ${text}`);
  }
  return address;
}

/** Nothing of it, or all that a server with `server.tls` asks for. */
function tlsOf(given: Arguments): { readonly tls?: CheckClientTls } {
  const [ca, certificate, privateKey] = ['tls-ca', 'tls-cert', 'tls-key'].map((option) =>
    fileOf(given, option),
  );
  const serverName = given.text('tls-server-name');
  if (ca !== undefined && certificate !== undefined && privateKey !== undefined) {
    return {
      tls: { ca, certificate, privateKey, ...(serverName !== undefined && { serverName }) },
    };
  }
  if ([ca, certificate, privateKey, serverName].every((part) => part === undefined)) return {};
  throw new UsageError('--tls-ca, --tls-cert and --tls-key go together: give all three');
}

/** `NAME<separator>VALUE` as a pair. */
export function pairsOf(given: Arguments, option: string, separator: string): [string, string][] {
  return given.texts(option).map((text) => {
    const end = text.indexOf(separator);
    if (end < 1) throw new UsageError(`--${option} must be NAME${separator}VALUE, not ${text}`);
    return [text.slice(0, end), text.slice(end + 1)];
  });
}

/** What is in the file that an option names. */
export function fileOf(given: Arguments, option: string): Buffer | undefined {
  const path = given.text(option);
  if (path === undefined) return undefined;
  try {
    return readBytes(path);
  } catch (error) {
    const reason = messageOf(error);
    throw new UsageError(`--${option}: ${path} ${reason}`);
  }
}
