import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureTool } from '../../test/setup/install-tool.ts';
import { requireTool } from '../../test/setup/find-tool.ts';
import { CannotMeasure } from '../cannot-measure.ts';
import type { BenchProcesses } from '../processes.ts';
import { freeAddress, type Server } from '../servers.ts';
import { domainFile, domainOf, limitCounts } from './measured-limits.ts';

/** Sallyport's limiter behind the same protocol. */
export async function startLimiterServer(
  processes: BenchProcesses,
  redisSocket: string,
): Promise<Server> {
  const address = await freeAddress();
  const program = fileURLToPath(new URL('rate-limit-server.ts', import.meta.url));
  const started = await processes.start(process.execPath, [program, address, redisSocket]);
  return { name: 'sallyport’s limiter', address, ...started };
}

/** envoyproxy/ratelimit with its defaults. */
export async function startEnvoyRateLimit(
  processes: BenchProcesses,
  folder: string,
  redisSocket: string,
): Promise<Server> {
  const missing = ensureTool('envoy-ratelimit');
  if (missing !== undefined) throw new CannotMeasure(missing);
  const configuration = join(folder, 'envoy-ratelimit', 'config');
  mkdirSync(configuration, { recursive: true });
  for (const count of limitCounts) {
    if (count > 0) writeFileSync(join(configuration, `${domainOf(count)}.yaml`), domainFile(count));
  }
  const address = await freeAddress();
  const ports = { grpc: address, http: await freeAddress(), debug: await freeAddress() };
  const environment = {
    ...addressSettings('GRPC_', ports.grpc),
    ...addressSettings('', ports.http),
    ...addressSettings('DEBUG_', ports.debug),
    RUNTIME_ROOT: folder,
    RUNTIME_SUBDIRECTORY: 'envoy-ratelimit',
    RUNTIME_WATCH_ROOT: 'false',
    // There is nobody to send them to.
    USE_STATSD: 'false',
    REDIS_SOCKET_TYPE: 'unix',
    REDIS_URL: redisSocket,
  };
  const started = await processes.start(requireTool('envoy-ratelimit'), [], environment);
  return { name: 'envoyproxy/ratelimit', address, ...started };
}

function addressSettings(prefix: string, address: string): Record<string, string> {
  const [host = '', port = ''] = address.split(':');
  return { [`${prefix}HOST`]: host, [`${prefix}PORT`]: port };
}
