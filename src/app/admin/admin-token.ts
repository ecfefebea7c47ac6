import { readAdminToken } from '../../admin/admin-token.ts';
import type { AdminConfig } from '../../config/config.ts';
import { type Loaded, loadedFrom } from '../../config/loaded.ts';

/** Whether the token is there; it is read again when it is needed. */
export function probeAdminToken({ tokenFile }: AdminConfig): Promise<Loaded<unknown>> {
  return loadedFrom(tokenFile ?? '', () => tokenFile && readAdminToken(tokenFile));
}
