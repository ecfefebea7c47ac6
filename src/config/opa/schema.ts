import { fileURLToPath } from 'node:url';
import {
  type BundleSettings,
  type BundleSourceSettings,
  type HttpServerSettings,
  type PollingSettings,
  signatureAlgorithms,
  type SigningSettings,
  type VerificationKey,
} from '../../domain/bundle-settings.ts';
import { bundleName } from '../sections/bundle-schema.ts';
import { mapOf } from '../schema/map-of.ts';
import { type OpaService, opaServices } from './services.ts';
import {
  defaulted,
  group,
  list,
  optional,
  refuse,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import { filePath, flag, integer, oneOf, text } from '../schema/values.ts';

const maxSeconds = 24 * 3600;

interface OpaPolling {
  readonly min: number;
  readonly max: number;
  readonly longPoll?: number;
}

interface OpaBundle {
  readonly service?: string;
  readonly resource?: string;
  readonly polling: OpaPolling;
  readonly persist: boolean;
  readonly signing?: OpaSigning;
  readonly sizeLimitBytes: number;
  readonly trigger: 'periodic';
}

type OpaSigning = Pick<SigningSettings, 'keyId' | 'scope' | 'excludeFiles' | 'allowUnsignedDeltas'>;

interface OpaStatus {
  readonly service?: string;
  readonly partition?: string;
  /** The log and /metrics tell it in any case. */
  readonly console: boolean;
  readonly prometheus: boolean;
}

interface OpaConfiguration {
  readonly services: ReadonlyMap<string, OpaService>;
  readonly keys: ReadonlyMap<string, VerificationKey>;
  readonly bundles: ReadonlyMap<string, OpaBundle>;
  readonly status?: OpaStatus;
  readonly persistenceDirectory: string;
}

const anyText = text('text', 'text', /^[^\0]+$/);

const key = section<VerificationKey>({
  algorithm: defaulted('algorithm', oneOf(signatureAlgorithms), 'RS256', ''),
  key: required('key', anyText, ''),
  scope: optional('scope', anyText, ''),
});

const signing = section<OpaSigning>({
  keyId: optional('keyid', anyText, ''),
  scope: optional('scope', anyText, ''),
  excludeFiles: defaulted('exclude_files', list(anyText, 'patterns'), '', ''),
  allowUnsignedDeltas: defaulted('allow_unsigned_delta_bundles', flag, 'false', ''),
});

const polling = section<OpaPolling>(
  {
    min: defaulted('min_delay_seconds', integer(1, maxSeconds), '60', ''),
    max: defaulted('max_delay_seconds', integer(1, maxSeconds), '120', ''),
    longPoll: optional('long_polling_timeout_seconds', integer(1, 3600), ''),
  },
  ({ min, max }) =>
    min > max
      ? [{ key: 'max_delay_seconds', message: 'must not be less than min_delay_seconds' }]
      : [],
);

const bundle = section<OpaBundle>({
  service: optional('service', anyText, ''),
  resource: optional('resource', anyText, ''),
  polling: group('polling', polling, ''),
  persist: defaulted('persist', flag, 'false', ''),
  signing: optional('signing', signing, ''),
  sizeLimitBytes: defaulted('size_limit_bytes', integer(1, 2 ** 31), String(2 ** 30), ''),
  trigger: defaulted('trigger', oneOf(['periodic'], ['manual']), 'periodic', ''),
});

const statusSection = section<OpaStatus>({
  service: optional('service', anyText, ''),
  partition: optional('partition_name', anyText, ''),
  console: defaulted('console', flag, 'false', ''),
  prometheus: defaulted('prometheus', flag, 'false', ''),
});

const configuration = section<OpaConfiguration>({
  services: defaulted('services', opaServices, '', ''),
  keys: group('keys', mapOf(key, 'keys', bundleName), ''),
  bundles: required('bundles', mapOf(bundle, 'bundles', bundleName), ''),
  status: optional('status', statusSection, ''),
  persistenceDirectory: defaulted('persistence_directory', filePath, '.opa', ''),
});

export interface OpaPolicy {
  readonly bundles: readonly BundleSettings[];
  readonly status?: HttpServerSettings;
}

/** The parts of OPA's configuration that say where bundles come from, and who is told of them. */
export const opaPolicy: Schema<OpaPolicy> = {
  type: 'section of OPA’s',
  read(node, path, reading) {
    const read = configuration.read(node, path, reading);
    if (read === undefined) return undefined;
    const bundles = Array.from(read.bundles, ([name, each]) => settingsOf(name, each, read));
    const status = statusOf(read);
    const fault = [...bundles, status].find((each) => typeof each === 'string');
    if (fault !== undefined || typeof status === 'string') {
      return refuse(node, path, reading, fault ?? '');
    }
    const good = bundles.filter((each) => typeof each !== 'string');
    return { bundles: good, ...(status && { status }) };
  },
};

/** Like OPA, the first service where none is named and nothing else is asked for. */
function statusOf({ status, services }: OpaConfiguration): HttpServerSettings | string | undefined {
  if (status === undefined) return undefined;
  const { service, partition, console, prometheus } = status;
  const resource = partition === undefined ? 'status' : `status/${partition}`;
  if (service === undefined) {
    const [first] = services.values();
    return console || prometheus || first === undefined ? undefined : serverFrom(first, resource);
  }
  const found = services.get(service);
  return found === undefined
    ? 'status names a service that is not in services'
    : serverFrom(found, resource);
}

/** Or what is wrong. */
function settingsOf(
  name: string,
  written: OpaBundle,
  { services, keys, persistenceDirectory }: OpaConfiguration,
): BundleSettings | string {
  const source = sourceOf(name, written, services);
  if (typeof source === 'string') return source;
  if (written.signing !== undefined && keys.size === 0) {
    return `bundles.${name} is to be signed, and there are no keys`;
  }
  const signed = signingOf(written.signing, keys);
  return {
    name,
    source,
    maxBytes: written.sizeLimitBytes,
    ...(signed && { signing: signed }),
    ...(written.persist && { persistDirectory: persistenceDirectory }),
  };
}

/** Keys without `signing` verify what is signed, and let through what is not: OPA's rule. */
function signingOf(
  written: OpaSigning | undefined,
  keys: ReadonlyMap<string, VerificationKey>,
): SigningSettings | undefined {
  if (written !== undefined) return { require: 'always', keys, ...written };
  if (keys.size === 0) return undefined;
  return { require: 'whenPresent', keys, excludeFiles: [], allowUnsignedDeltas: true };
}

function sourceOf(
  name: string,
  { service, resource = `bundles/${name}`, polling: polled }: OpaBundle,
  services: ReadonlyMap<string, OpaService>,
): BundleSourceSettings | string {
  if (resource.startsWith('file:')) return { kind: 'local', path: fileURLToPath(resource) };
  const [first] = services.values();
  const found = service === undefined ? first : services.get(service);
  if (found === undefined) return `bundles.${name} names a service that is not in services`;
  return { kind: 'http', ...serverFrom(found, resource), polling: pollingOf(polled) };
}

function serverFrom(
  { url, headers, responseTimeoutSeconds, credentials, tls }: OpaService,
  resource: string,
): HttpServerSettings {
  return {
    url: `${url.replace(/\/+$/, '')}/${resource.replace(/^\/+|\/+$/g, '')}`,
    headers: Object.fromEntries(headers),
    ...(credentials && { credentials }),
    tls,
    responseTimeoutMs: 1000 * responseTimeoutSeconds,
    downloadTimeoutMs: 120_000,
  };
}

function pollingOf({ min, max, longPoll }: OpaPolling): PollingSettings {
  return {
    minDelayMs: 1000 * min,
    maxDelayMs: 1000 * max,
    ...(longPoll !== undefined && { longPollMs: 1000 * longPoll }),
  };
}
