import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { PolicyEngine } from '../check/ports.ts';
import type { Config } from '../config/config.ts';
import { createAccessPolicy, type IndexedAccess } from '../policy/access-policy.ts';
import { readSnapshot } from '../policy/bundles/read-bundle.ts';
import { workAside } from '../policy/wasm/work-aside.ts';
import { type Loaded, loadedFrom } from './loaded.ts';
import { readAccess } from './read-access.ts';

const bundleFile = new URL('../../bundles/access.tar.gz', import.meta.url);

/** What decides by the configuration's access document; undefined when it names none. */
export async function loadAccessPolicy({
  access: path,
  policy: { maxFuel },
  headers,
}: Config): Promise<Loaded<PolicyEngine | undefined>> {
  if (path === undefined) return { value: undefined };
  const read = (await isLarge(path)) ? await readAside(path) : readAccess(path);
  if ('problems' in read) return read;
  return loadedFrom(path, async () =>
    createAccessPolicy(await readSnapshot(await readFile(bundleFile)), read.value, {
      maxFuel,
      reservedHeaderPrefix: headers.prefix,
    }),
  );
}

/** Up to this size a document is read in a few milliseconds; a worker takes 50 to begin. */
const maxBytesAtOnce = 32 * 1024;

async function isLarge(path: string): Promise<boolean> {
  const stats = await stat(path).catch(() => undefined);
  return stats !== undefined && stats.size > maxBytesAtOnce;
}

/** While checks go on: YAML of ten thousand rules takes a second. */
function readAside(path: string): Promise<Loaded<IndexedAccess>> {
  const file = new URL(`access-worker${extname(import.meta.filename)}`, import.meta.url);
  return workAside(file, path, (worker) => worker.next<Loaded<IndexedAccess>>());
}
