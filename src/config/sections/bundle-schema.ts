import { basename, resolve } from 'node:path';
import {
  type BundleSettings,
  type BundleSourceSettings,
  type PollingSettings,
  signatureAlgorithms,
  type SigningSettings,
  type VerificationKey,
} from '../../domain/bundle-settings.ts';
import {
  credentialConflicts,
  credentialKeys,
  credentialSettings,
  type WrittenCredentials,
} from './http-server-keys.ts';
import { leaf } from '../schema/leaf.ts';
import { mapOf, type NameForm, valueOrSection } from '../schema/map-of.ts';
import {
  type Conflict,
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
import { duration, filePath, httpUrl, oneOf, size, text } from '../schema/values.ts';

/** Of bundles, keys and services. */
export const bundleName: NameForm = {
  pattern: /^[A-Za-z0-9_][A-Za-z0-9_./-]{0,127}$/,
  words:
    '1 to 128 letters, digits, dots, dashes, underscores and slashes, the first a letter, digit or underscore',
};

const defaultMaxBytes = 256 * 1024 * 1024;

interface WrittenBundle extends WrittenCredentials {
  readonly path?: string;
  readonly url?: string;
  readonly polling: PollingSettings;
  readonly responseTimeoutMs: number;
  readonly downloadTimeoutMs: number;
  readonly signing?: Pick<SigningSettings, 'keys' | 'keyId' | 'scope' | 'excludeFiles'>;
  readonly persist?: string;
  readonly maxBytes: number;
}

const polling = section<PollingSettings>(
  {
    minDelayMs: defaulted(
      'min',
      duration('1s', '24h'),
      '60s',
      'The shortest time between requests.',
    ),
    maxDelayMs: defaulted(
      'max',
      duration('1s', '24h'),
      '120s',
      'The longest; it is drawn between.',
    ),
    longPollMs: optional(
      'longPoll',
      duration('1s', '1h'),
      'How long a server that can is asked to wait for news.',
    ),
  },
  ({ minDelayMs, maxDelayMs }) =>
    minDelayMs > maxDelayMs ? [{ key: 'max', message: 'must not be shorter than min' }] : [],
);

const verificationKey = section<VerificationKey>({
  algorithm: required(
    'algorithm',
    oneOf(signatureAlgorithms),
    'The only one that the key is used with.',
  ),
  key: required(
    'key',
    secretText(),
    'A public key in PEM, or a secret: better `${file:/…}` than here.',
  ),
  scope: optional('scope', anyText(), 'What its signatures must be for.'),
});

const signing = section<NonNullable<WrittenBundle['signing']>>({
  keys: required(
    'keys',
    mapOf(verificationKey, 'keys', bundleName),
    'What signatures are verified with.',
  ),
  keyId: optional('keyId', anyText(), 'The one to use, whatever a signature names.'),
  scope: optional('scope', anyText(), 'What a signature must be for.'),
  excludeFiles: defaulted(
    'excludeFiles',
    list(anyText(), 'patterns'),
    '',
    'Files that are not signed, such as `*.md`.',
  ),
});

const longForm = section<WrittenBundle>(
  {
    path: optional('path', filePath, 'A .tar.gz, or a folder with the same files. Watched.'),
    url: optional('url', httpUrl, 'A server of OPA’s bundle API. Asked again and again.'),
    ...credentialKeys,
    polling: group('polling', polling, 'How often a server is asked.'),
    responseTimeoutMs: defaulted(
      'responseTimeout',
      duration('10ms', '10m'),
      '10s',
      'A server that takes longer to begin its answer is asked again.',
    ),
    downloadTimeoutMs: defaulted(
      'downloadTimeout',
      duration('10ms', '1h'),
      '2m',
      'So is one whose answer takes longer to come.',
    ),
    signing: optional('signing', signing, 'A bundle that is not signed so is refused.'),
    persist: optional(
      'persist',
      filePath,
      'A folder in which the bundle is kept, to start from while its server is away.',
    ),
    maxBytes: defaulted('maxSize', size('1KiB', '2GiB'), '256MiB', 'Of the archive, and unpacked.'),
  },
  conflictsOf,
);

/** By the name that the bundle is to have; undefined: it is named after its file. */
export type NameableBundle = (name?: string) => BundleSettings;

const bundlePath = leaf({
  type: 'path',
  expected: 'the path of a bundle; a server’s is written { url: https://… }',
  yamlType: 'string',
  parse: (value, directory) => {
    const isPath = value !== '' && !value.includes('\0') && !/^[a-z]+:\/\//i.test(value);
    return isPath ? resolve(directory, value) : undefined;
  },
});

/** `bundle: example.tar.gz`, or a section. */
export const bundle: Schema<NameableBundle> = valueOrSection(
  mapped(bundlePath, nameableFile),
  mapped(longForm, nameable),
);

function nameableFile(path: string): NameableBundle {
  return (name = nameOf(path)) => ({
    name,
    source: { kind: 'local', path },
    maxBytes: defaultMaxBytes,
  });
}

function nameable(written: WrittenBundle): NameableBundle {
  return (name = nameOf(written.path ?? written.url ?? '')) => settingsOf(written, name);
}

export const bundlesByName: Schema<readonly BundleSettings[]> = mapped(
  mapOf(bundle, 'bundles', bundleName),
  (bundles) => Array.from(bundles, ([name, settingsFor]) => settingsFor(name)),
);

/** `bundles/example.tar.gz` is `example`. Fit for the name of a folder. */
function nameOf(pathOrUrl: string): string {
  const [path = ''] = pathOrUrl.split(/[?#]/, 1);
  const name = basename(path).replace(/\.(?:tar\.gz|tgz)$/, '');
  return bundleName.pattern.test(name) ? name : 'bundle';
}

function settingsOf(written: WrittenBundle, name: string): BundleSettings {
  const { maxBytes, signing: signed, persist } = written;
  return {
    name,
    source: sourceOf(written),
    maxBytes,
    ...(signed && { signing: { require: 'always', allowUnsignedDeltas: false, ...signed } }),
    ...(persist && { persistDirectory: persist }),
  };
}

function sourceOf(written: WrittenBundle): BundleSourceSettings {
  const { path = '', url } = written;
  if (url === undefined) return { kind: 'local', path };
  return {
    kind: 'http',
    url,
    headers: {},
    ...credentialSettings(written),
    polling: written.polling,
    responseTimeoutMs: written.responseTimeoutMs,
    downloadTimeoutMs: written.downloadTimeoutMs,
  };
}

function conflictsOf(written: WrittenBundle): readonly Conflict[] {
  const { path, url, persist } = written;
  return [
    ...conflictIf(
      (path === undefined) === (url === undefined),
      'url',
      'or path must be given, and not both',
    ),
    ...credentialConflicts(written),
    ...conflictIf(
      path !== undefined && persist !== undefined,
      'persist',
      'is for a url: what has a path is on disk already',
    ),
  ];
}

function anyText(): Schema<string> {
  return text('text', 'text', /^[^\0]+$/);
}

function secretText(): Schema<string> {
  return leaf({
    type: 'text',
    expected: 'text',
    yamlType: 'string',
    parse: (value) => (value === '' ? undefined : value),
    secret: true,
  });
}
