import { isDeepStrictEqual } from 'node:util';
import { configSchema } from './config-schema.ts';
import type { Config } from './config.ts';
import { childPath } from './schema/node.ts';
import type { Schema } from './schema/schema.ts';

/** What is below these is read at start; everything else may change while checks are answered. */
const restartPaths: readonly string[] = [
  'server',
  'admin',
  'policy.status',
  'redis',
  'audit.stdout',
  'audit.file',
  'audit.labels',
  'headers',
];

/** What is below these is not: certificates rotate. That there is TLS at all is read at start. */
const livePaths: readonly string[] = [
  'server.tls.certificate',
  'server.tls.privateKey',
  'server.tls.clientCa',
  'server.tls.allowedClients',
];

/** The keys in which the two differ and that are read at start only: `server.address`, `redis`. */
export function needsRestart(running: Config, wanted: Config): readonly string[] {
  return changedKeys(configSchema, '', running, wanted).filter(isReadAtStart);
}

/** Whether a change of this key waits for a restart. */
export function isReadAtStart(path: string): boolean {
  if (livePaths.includes(path)) return false;
  return restartPaths.some((restart) => path === restart || path.startsWith(`${restart}.`));
}

/** A section that is in one of them only is one change. */
function changedKeys(schema: Schema<unknown>, path: string, old: unknown, now: unknown): string[] {
  if (isDeepStrictEqual(old, now)) return [];
  if (schema.rows === undefined || !isSection(old) || !isSection(now)) return [path];
  return schema.rows.flatMap(([property, key]) =>
    changedKeys(key.schema, childPath(path, key.name), old[property], now[property]),
  );
}

function isSection(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
