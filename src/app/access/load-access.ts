import { readFile, stat } from 'node:fs/promises';
import { extname } from 'node:path';
import type { Config } from '../../config/config.ts';
import type { Clock } from '../../domain/clock.ts';
import type { GrantBook } from '../../grants/grant-book.ts';
import { createGrantingPolicy } from '../../grants/granting-policy.ts';
import {
  type AccessPolicy,
  createAccessPolicy,
  type IndexedAccess,
} from '../../policy/access-policy.ts';
import { readSnapshot } from '../../policy/bundles/contents/read-bundle.ts';
import { workAside } from '../../policy/wasm/work-aside.ts';
import { type Loaded, loadedFrom } from '../../config/loaded.ts';
import { readAccess } from './read-access.ts';

const bundleFile = new URL('../../../bundles/access.tar.gz', import.meta.url);

/** What an access policy works with beside the document. */
export interface AccessSurroundings {
  readonly grants: GrantBook;
  readonly clock: Clock;
}

/**
 * What decides by the configuration's access document, and by what is granted beside it; undefined
 * when it names none.
 */
export async function loadAccessPolicy(
  { access: path, grants, policy: { maxFuel }, headers }: Config,
  { grants: book, clock }: AccessSurroundings,
): Promise<Loaded<AccessPolicy | undefined>> {
  if (path === undefined) return { value: undefined };
  const read = (await isLarge(path)) ? await readAside(path) : readAccess(path);
  if ('problems' in read) return read;
  return loadedFrom(path, async () => {
    const bundle = await readSnapshot(await readFile(bundleFile));
    const access = await createAccessPolicy(bundle, read.value, {
      maxFuel,
      reservedHeaderPrefix: headers.prefix,
      clock,
    });
    return { services: access.services, ...createGrantingPolicy(access, book, grants) };
  });
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
