import type {
  BearerCredentials,
  ClientTlsSettings,
  HttpServerSettings,
} from '../../domain/bundle-settings.ts';
import { bundleName } from '../sections/bundle-schema.ts';
import { mapOf, type NameForm } from '../schema/map-of.ts';
import type { ListNode, MappingEntry, Node } from '../schema/node.ts';
import {
  conflictIf,
  defaulted,
  group,
  list,
  mapped,
  optional,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import { filePath, flag, httpUrl, integer, oneOf, text } from '../schema/values.ts';

/** A server, and how Sallyport shows who it is. */
export interface OpaService {
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly responseTimeoutSeconds: number;
  readonly credentials?: HttpServerSettings['credentials'];
  readonly tls: ClientTlsSettings;
}

interface WrittenService {
  readonly name?: string;
  readonly url: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly responseTimeoutSeconds: number;
  readonly credentials: WrittenCredentials;
  readonly tls: { readonly ca?: string; readonly systemCaRequired: boolean };
  readonly allowInsecureTls: boolean;
}

interface WrittenCredentials {
  readonly bearer?: {
    readonly token?: string;
    readonly tokenPath?: string;
    readonly scheme: string;
  };
  readonly oauth2?: {
    readonly grantType: 'client_credentials';
    readonly tokenUrl: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly scopes: readonly string[];
  };
  readonly clientTls?: { readonly certificate: string; readonly privateKey: string };
}

const anyText = text('text', 'text', /^[^\0\r\n]+$/);

const bearer = section<NonNullable<WrittenCredentials['bearer']>>(
  {
    token: optional('token', anyText, ''),
    tokenPath: optional('token_path', filePath, ''),
    scheme: defaulted('scheme', anyText, 'Bearer', ''),
  },
  ({ token, tokenPath }) =>
    conflictIf(
      (token === undefined) === (tokenPath === undefined),
      'token',
      'or token_path must be given, and not both',
    ),
);

const oauth2 = section<NonNullable<WrittenCredentials['oauth2']>>(
  {
    grantType: defaulted(
      'grant_type',
      oneOf(['client_credentials'], ['jwt_bearer']),
      'client_credentials',
      '',
    ),
    tokenUrl: required('token_url', httpUrl, ''),
    clientId: required('client_id', anyText, ''),
    clientSecret: required('client_secret', anyText, ''),
    scopes: defaulted('scopes', list(anyText, 'scopes'), '', ''),
  },
  ({ tokenUrl }) => conflictIf(!tokenUrl.startsWith('https:'), 'token_url', 'must be https'),
);

const credentials = section<WrittenCredentials>(
  {
    bearer: optional('bearer', bearer, ''),
    oauth2: optional('oauth2', oauth2, ''),
    clientTls: optional(
      'client_tls',
      section<NonNullable<WrittenCredentials['clientTls']>>({
        certificate: required('cert', filePath, ''),
        privateKey: required('private_key', filePath, ''),
      }),
      '',
    ),
  },
  (given) => conflictIf(Object.keys(given).length > 1, 'bearer', 'only one kind can be given'),
);

const headerName: NameForm = {
  pattern: /^[\w-]+$/,
  words: 'a header in letters, digits, dashes and underscores, such as x-api-key',
};

const service = mapped(
  section<WrittenService>(
    {
      name: optional('name', anyText, ''),
      url: required('url', httpUrl, ''),
      headers: group('headers', mapOf(anyText, 'texts', headerName), ''),
      responseTimeoutSeconds: defaulted(
        'response_header_timeout_seconds',
        integer(1, 600),
        '10',
        '',
      ),
      credentials: group('credentials', credentials, ''),
      tls: group(
        'tls',
        section<WrittenService['tls']>({
          ca: optional('ca_cert', filePath, ''),
          systemCaRequired: defaulted('system_ca_required', flag, 'false', ''),
        }),
        '',
      ),
      allowInsecureTls: defaulted('allow_insecure_tls', flag, 'false', ''),
    },
    ({ allowInsecureTls, tls }) => [
      ...conflictIf(
        allowInsecureTls,
        'allow_insecure_tls',
        'is not available: name the authority in tls.ca_cert',
      ),
      ...conflictIf(
        tls.systemCaRequired && tls.ca !== undefined,
        'tls',
        'cannot have both ca_cert and system_ca_required: write both authorities to one file',
      ),
    ],
  ),
  serviceOf,
);

/** By name, or as a list of which each has its name: OPA takes both. */
export const opaServices: Schema<ReadonlyMap<string, OpaService>> = {
  type: 'services by name',
  read(node, path, reading) {
    return mapOf(service, 'services', bundleName).read(named(node), path, reading);
  },
};

function named(node: Node): Node {
  if (node.kind === 'scalar' && node.filled && node.value === '') return mappingOf(node.place, []);
  return node.kind === 'list' ? mappingOf(node.place, node.items) : node;
}

function mappingOf(place: Node['place'], items: ListNode['items']): Node {
  const entries = items.map((item, index): [string, MappingEntry] => {
    const name = item.kind === 'mapping' ? item.entries.get('name')?.value : undefined;
    const itsName = name?.kind === 'scalar' ? String(name.value) : String(index);
    return [itsName, { keyPlace: item.place, value: item }];
  });
  return { kind: 'mapping', place, entries: new Map(entries) };
}

function serviceOf({
  url,
  headers,
  responseTimeoutSeconds,
  ...written
}: WrittenService): OpaService {
  const { clientTls } = written.credentials;
  const shown = credentialsOf(written.credentials);
  return {
    url,
    headers,
    responseTimeoutSeconds,
    ...(shown && { credentials: shown }),
    tls: { ...clientTls, ...(written.tls.ca && { ca: written.tls.ca }) },
  };
}

function credentialsOf({ bearer: token, oauth2: client }: WrittenCredentials) {
  if (client !== undefined) {
    const { grantType: _only, ...rest } = client;
    return { kind: 'oauth2', ...rest } as const;
  }
  return token && bearerOf(token);
}

function bearerOf({
  token,
  tokenPath,
  scheme,
}: NonNullable<WrittenCredentials['bearer']>): BearerCredentials {
  const source = tokenPath === undefined ? { text: token ?? '' } : { file: tokenPath };
  return { kind: 'bearer', token: source, scheme };
}
