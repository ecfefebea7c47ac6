import { createHash } from 'node:crypto';
import { indexAccess } from '../../access/index/index-access.ts';
import { loadAccess } from '../../config/access/load-access.ts';
import type { IndexedAccess } from '../../policy/access-policy.ts';
import type { Loaded } from '../../config/loaded.ts';

/** An access document, ready to be decided by; its revision follows from what it says. */
export function readAccess(path: string): Loaded<IndexedAccess> {
  const loaded = loadAccess(path);
  if ('problems' in loaded) return loaded;
  const index = Buffer.from(JSON.stringify(indexAccess(loaded.value)));
  const revision = createHash('sha256').update(index).digest('hex').slice(0, 12);
  const services = loaded.value.services.map(({ name }) => name);
  return { value: { index, revision, services } };
}
