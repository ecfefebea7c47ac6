import { messageOf } from '../../domain/fault-message.ts';
import type { RedisConfig } from '../../config/config.ts';
import type { Problem } from '../../config/problem.ts';
import { readText } from '../../config/yaml/read-file.ts';
import type {
  RedisCredentials,
  RedisServers,
  RedisSettings,
} from '../../shared-state/redis-settings.ts';
import type { Loaded } from '../../config/loaded.ts';

/** The files whose change means a new connection. */
export function redisFiles({ passwordFile, sentinels, tls }: RedisConfig): readonly string[] {
  const { ca, certificate, privateKey } = tls ?? {};
  return [passwordFile, sentinels?.passwordFile, ca, certificate, privateKey].filter(
    (file) => file !== undefined,
  );
}

/** Reads the secrets from their files. */
export function loadRedisSettings(config: RedisConfig): Loaded<RedisSettings> {
  const problems: Problem[] = [];
  const read = (key: string, file: string | undefined): string | undefined =>
    file === undefined ? undefined : readSecret(key, file, problems);
  const credentialsOf = (key: string, user: CredentialFiles): RedisCredentials => ({
    username: user.username,
    // As the references in the configuration: without the last line end.
    password: read(`${key}.passwordFile`, user.passwordFile)?.replace(/\r?\n$/, ''),
  });
  const settings: RedisSettings = {
    servers: serversOf(config, credentialsOf),
    credentials: credentialsOf('redis', config),
    ...(config.tls && {
      tls: {
        ca: read('redis.tls.ca', config.tls.ca),
        certificate: read('redis.tls.certificate', config.tls.certificate),
        privateKey: read('redis.tls.privateKey', config.tls.privateKey),
        serverName: config.tls.serverName,
      },
    }),
    protocol: config.protocol,
    connectTimeoutMs: config.connectTimeoutMs,
    commandTimeoutMs: config.commandTimeoutMs,
  };
  return problems.length > 0 ? { problems } : { value: settings };
}

interface CredentialFiles {
  readonly username?: string;
  readonly passwordFile?: string;
}

function serversOf(
  { url, sentinels, cluster }: RedisConfig,
  credentialsOf: (key: string, user: CredentialFiles) => RedisCredentials,
): RedisServers {
  if (cluster !== undefined) return { kind: 'cluster', addresses: cluster };
  if (sentinels === undefined) return { kind: 'standalone', url: url ?? '' };
  const { addresses, master } = sentinels;
  const credentials = credentialsOf('redis.sentinels', sentinels);
  return { kind: 'sentinel', addresses, master, credentials };
}

function readSecret(key: string, file: string, problems: Problem[]): string | undefined {
  try {
    return readText(file);
  } catch (error) {
    const message = messageOf(error);
    problems.push({ file, path: key, message });
    return undefined;
  }
}
