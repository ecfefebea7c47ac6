import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Gate } from '../src/check/decide.ts';
import { loadLimits } from '../src/config/load-limits.ts';
import { systemClock } from '../src/domain/clock.ts';
import { createRequestReader } from '../src/envoy/request-view.ts';
import { createPeerResolver } from '../src/identity/peer-resolver.ts';
import { createLimiter } from '../src/limits/limiter.ts';
import { MemoryLimitStore } from '../src/limits/memory-store.ts';
import { readBundle } from '../src/policy/bundle.ts';
import { createPolicyEngine } from '../src/policy/wasm-engine.ts';

/** The gate of the measured server, but with its limits in memory. */
export async function openGate(): Promise<Gate> {
  const bundle = await readBundle(await readFile(fileOf('../bundles/example.tar.gz')));
  const limits = loadLimits(fileOf('limits.yaml'));
  if ('problems' in limits) throw new Error('bench/limits.yaml has problems');
  const store = new MemoryLimitStore(systemClock);
  return {
    requests: createRequestReader({ relaxedPaths: [] }),
    callers: createPeerResolver({ trustDomains: ['shop.example'], require: 'either' }),
    policy: createPolicyEngine(bundle, {
      name: 'example',
      decision: 'envoy/authz/allow',
      skipRequestBodyParse: false,
      reservedHeaderPrefix: 'x-sallyport-',
    }),
    limiter: createLimiter(limits.limits, {
      store,
      localStore: store,
      replicas: 1,
      clock: systemClock,
    }),
  };
}

function fileOf(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
