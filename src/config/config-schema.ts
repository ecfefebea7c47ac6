import type { GrantTerms } from '../domain/access/grant.ts';
import { rateLimitDialects } from '../domain/limits/limit.ts';
import { pathAmbiguities } from '../domain/request/path.ts';
import type { AdminConfig, AuditConfig, Config, InsecureConfig } from './config.ts';
import { identity } from './sections/identity-schema.ts';
import { mapOf, type NameForm } from './schema/map-of.ts';
import { policy } from './sections/policy-schema.ts';
import { redis } from './sections/redis-schema.ts';
import type { MappingNode } from './schema/node.ts';
import {
  defaulted,
  group,
  list,
  note,
  optional,
  required,
  type Schema,
  section,
} from './schema/schema.ts';
import { server } from './sections/server-schema.ts';
import {
  address,
  duration,
  filePath,
  flag,
  integer,
  jsonPointer,
  oneOf,
  size,
  text,
} from './schema/values.ts';

const labelName: NameForm = {
  pattern: /^[\w.-]{1,64}$/,
  words: '1 to 64 letters, digits, dots, dashes and underscores',
};

const admin = section<AdminConfig>({
  address: defaulted(
    'address',
    address,
    '127.0.0.1:9192',
    'HTTP for operators: /metrics, /healthz, /readyz, /v1/status.',
  ),
  tokenFile: optional(
    'tokenFile',
    filePath,
    'A bearer token, read for each request: for commands, and off loopback for all but metrics and health.',
  ),
});

type AuditFile = NonNullable<AuditConfig['file']>;

const audit = section<AuditConfig>({
  stdout: defaulted('stdout', flag, 'true', 'Decision records on standard output.'),
  file: optional(
    'file',
    section<AuditFile>({
      path: required('path', filePath, 'Where records are appended.'),
      maxBytes: defaulted(
        'maxSize',
        size('64KiB', '100GiB'),
        '100MiB',
        'A fuller file is rotated.',
      ),
      keep: defaulted('keep', integer(0, 1000), '5', 'How many rotated files are kept.'),
    }),
    'Decision records in a file.',
  ),
  labels: group(
    'labels',
    mapOf(text('text', 'text', /^[^\0]*$/), 'texts', labelName),
    'In the `labels` of every record.',
  ),
  mask: defaulted(
    'mask',
    list(jsonPointer, 'JSON pointers'),
    '',
    'Removed from every record, beside credentials, which always are.',
  ),
});

const headers = section<Config['headers']>({
  prefix: defaulted(
    'prefix',
    text(
      'header prefix',
      'a lower-case prefix of at least two words that ends with a dash, such as x-sallyport-',
      /^(?=.{1,64}$)[a-z][a-z0-9]*-(?:[a-z0-9]+-)+$/,
    ),
    'x-sallyport-',
    'Of the headers that Sallyport adds, and removes when a client sends them.',
  ),
  rateLimit: defaulted(
    'rateLimit',
    oneOf(rateLimitDialects),
    'draft-10',
    'How callers are told of their limits: `ratelimit` and `ratelimit-policy`, or `x-ratelimit-…`.',
  ),
});

const insecure = section<InsecureConfig>({
  ambiguousPaths: defaulted(
    'ambiguousPaths',
    list(oneOf(pathAmbiguities), 'ambiguities'),
    '',
    'Ambiguities in a path that are let through to the policy: see docs/security.md.',
  ),
});

const grants = section<GrantTerms>({
  approval: defaulted(
    'approval',
    oneOf(['none', 'required']),
    'none',
    '`required`: a grant counts when another person has approved it.',
  ),
  maxDurationMs: defaulted('maxDuration', duration('1m', '24h'), '8h', 'No grant is for longer.'),
});

const root = section<Config>({
  server: group('server', server, 'The gRPC server that Envoy asks.'),
  admin: group('admin', admin, 'The address for operators.'),
  identity: group('identity', identity, 'Who is calling.'),
  policy: group('policy', policy, 'May they, by Rego.'),
  access: optional(
    'access',
    filePath,
    'access.yaml: may they, without Rego. Beside a bundle, both must allow.',
  ),
  grants: group('grants', grants, 'What `sallyport grant` may add to the access document.'),
  limits: optional('limits', filePath, 'limits.yaml: how much. Without it nothing is limited.'),
  redis: optional(
    'redis',
    redis,
    'Where limits are counted. Without it: in memory, for this process.',
  ),
  audit: group('audit', audit, 'What is written down.'),
  headers: group('headers', headers, 'What upstreams and callers see.'),
  insecure: group(
    'insecure',
    insecure,
    'What weakens the defaults. Warned of at start, and in a metric.',
  ),
});

/** sallyport.yaml. Something has to decide: Rego, an access document, or both. */
export const configSchema: Schema<Config> = {
  ...root,
  read(node, path, reading) {
    const value = root.read(node, path, reading);
    if (node.kind !== 'mapping' || node.entries.has('access')) return value;
    const terms = node.entries.get('grants');
    if (terms !== undefined) {
      note(terms.keyPlace, 'grants', reading, 'stand beside an access document only; set access');
    }
    if (namesBundle(node)) return value;
    const place = node.entries.get('policy')?.keyPlace ?? node.place;
    note(place, 'policy.bundle', reading, 'is missing; name a bundle here, or an access document');
    return undefined;
  },
};

function namesBundle({ entries }: MappingNode): boolean {
  const given = entries.get('policy')?.value;
  if (given?.kind !== 'mapping') return given !== undefined;
  return ['bundle', 'bundles', 'opa'].some((key) => given.entries.has(key));
}
