import type {
  RedisConfig,
  RedisSentinelsConfig,
  RedisTlsConfig,
  RemoteAddress,
} from '../config.ts';
import { leaf } from '../schema/leaf.ts';
import {
  conflictIf,
  defaulted,
  list,
  mapped,
  optional,
  refined,
  required,
  section,
  type Conflict,
  type Schema,
} from '../schema/schema.ts';
import { duration, filePath, integer, redisUrl, remoteAddress, text } from '../schema/values.ts';

const addresses: Schema<readonly RemoteAddress[]> = refined(
  list(remoteAddress, 'host:port'),
  (given) => (given.length === 0 ? 'is empty; name at least one address' : undefined),
);
const word = text('text', '1 to 256 characters without spaces', /^\S{1,256}$/);

const passwordFile = optional('passwordFile', filePath, 'Its password; watched, so it may rotate.');

const sentinels = section<RedisSentinelsConfig>({
  addresses: required('addresses', addresses, 'Some of them; the others are learned.'),
  master: required('master', word, 'The name that they know the primary by.'),
  username: optional('username', word, 'The ACL user on the sentinels.'),
  passwordFile,
});

const tls = section<RedisTlsConfig>(
  {
    ca: optional('ca', filePath, 'Who signs the servers’ certificates; default: the system’s.'),
    certificate: optional('certificate', filePath, 'Our own, where the servers ask for it.'),
    privateKey: optional('privateKey', filePath, 'Of that certificate.'),
    serverName: optional(
      'serverName',
      word,
      'The name in the servers’ certificates, where it is not the host that is connected to.',
    ),
  },
  ({ certificate, privateKey }) => [
    ...conflictIf(
      certificate !== undefined && privateKey === undefined,
      'certificate',
      'needs privateKey beside it',
    ),
    ...conflictIf(
      privateKey !== undefined && certificate === undefined,
      'privateKey',
      'needs certificate beside it',
    ),
  ],
);

const replicaCount = leaf({
  type: 'auto, or integer',
  expected: 'auto, or an integer from 1 to 10000',
  yamlType: 'number',
  parse: (value) => (Number.isInteger(value) && value >= 1 && value <= 10_000 ? value : undefined),
});

const replicas: Schema<number | 'auto'> = {
  ...replicaCount,
  read: (node, path, reading) =>
    node.kind === 'scalar' && node.value === 'auto'
      ? 'auto'
      : replicaCount.read(node, path, reading),
};

/** Where limits are counted. */
export const redis = section<RedisConfig>(
  {
    url: optional('url', redisUrl, 'One server. A secret: better `${file:/…}` than here.'),
    sentinels: optional('sentinels', sentinels, 'Instead of `url`: Sentinel names the primary.'),
    cluster: optional('cluster', addresses, 'Instead of `url`: some nodes of a Redis Cluster.'),
    username: optional('username', word, 'The ACL user.'),
    passwordFile,
    tls: optional(
      'tls',
      tls,
      'PEM files, watched. For `sentinels` and `cluster` it turns TLS on; a `url` says `rediss`.',
    ),
    protocol: defaulted(
      'protocol',
      mapped(integer(2, 3), (version) => (version === 2 ? 2 : 3)),
      '3',
      'RESP; `2` behind proxies that do not know 3.',
    ),
    connectTimeoutMs: defaulted(
      'connectTimeout',
      duration('10ms', '1m'),
      '1s',
      'A connection that takes longer is tried anew.',
    ),
    commandTimeoutMs: defaulted(
      'commandTimeout',
      duration('1ms', '10s'),
      '50ms',
      'A limit that takes longer is decided by its `onError`.',
    ),
    keyPrefix: defaulted(
      'keyPrefix',
      text('text', '1 to 64 letters, digits and :._-', /^[\w:.-]{1,64}$/),
      'sallyport:',
      'Begins every key.',
    ),
    replicas: defaulted(
      'replicas',
      replicas,
      'auto',
      'How many replicas share the limits: what `onError: local` divides them by. `auto`: as many as Redis last saw.',
    ),
  },
  (written) => [...serverConflicts(written), ...urlConflicts(written)],
);

function serverConflicts({ url, sentinels: asked, cluster }: RedisConfig): readonly Conflict[] {
  const given = [url, asked, cluster].filter((each) => each !== undefined).length;
  const message =
    given === 0
      ? 'is missing; name one of url, sentinels and cluster'
      : 'is one too many; name one of url, sentinels and cluster';
  return conflictIf(given !== 1, url !== undefined || given === 0 ? 'url' : 'sentinels', message);
}

function urlConflicts(written: RedisConfig): readonly Conflict[] {
  const { url, username, passwordFile: file } = written;
  if (url === undefined) return [];
  const parsed = URL.parse(url);
  return [
    ...conflictIf(
      written.tls !== undefined && parsed?.protocol !== 'rediss:',
      'tls',
      'is for rediss:// only; write redis.url so',
    ),
    ...conflictIf(
      (username !== undefined || file !== undefined) &&
        ((parsed?.username ?? '') !== '' || (parsed?.password ?? '') !== ''),
      username === undefined ? 'passwordFile' : 'username',
      'is also in redis.url; keep one of them',
    ),
  ];
}
