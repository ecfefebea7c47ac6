import type { JsonObject } from '../../domain/json.ts';
import type { Bundle } from './contents/bundle.ts';

/** How one bundle fares. Times are epoch milliseconds; absent: it has not happened yet. */
export interface BundleStatus {
  readonly name: string;
  /** Which revision decides; absent: none yet. */
  readonly activeRevision?: string;
  readonly lastActivationMs?: number;
  readonly lastDownloadMs?: number;
  /** When it was last asked for, and when that was last answered well. */
  readonly lastRequestMs?: number;
  readonly lastSuccessfulRequestMs?: number;
  /** When it was last put in place, or found unchanged. */
  readonly lastSuccessMs?: number;
  readonly type?: Bundle['type'];
  readonly sizeBytes?: number;
  /** Since when the last news could not be used. */
  readonly fault?: BundleFault;
  /** The revision that was rolled back, and is not taken again. */
  readonly heldRevision?: string;
  /** How long the last request took, and reading and activating what it brought. */
  readonly requestMs?: number;
  readonly loadMs?: number;
}

export interface BundleFault {
  readonly message: string;
  readonly httpCode?: number;
}

/** With the names and the forms of OPA's status API; `held_revision` is ours. */
export function statusDocument(status: BundleStatus): JsonObject {
  const { fault } = status;
  return {
    name: status.name,
    ...(status.activeRevision !== undefined && { active_revision: status.activeRevision }),
    ...(status.heldRevision !== undefined && { held_revision: status.heldRevision }),
    last_successful_activation: rfc3339(status.lastActivationMs),
    last_successful_download: rfc3339(status.lastDownloadMs),
    last_successful_request: rfc3339(status.lastSuccessfulRequestMs),
    last_request: rfc3339(status.lastRequestMs),
    ...(status.type !== undefined && { type: status.type }),
    ...(status.sizeBytes !== undefined && { size: status.sizeBytes }),
    ...(fault && { code: 'bundle_error', message: fault.message }),
    ...(fault?.httpCode !== undefined && { http_code: fault.httpCode }),
    metrics: {
      timer_bundle_request_ns: nanoseconds(status.requestMs),
      timer_rego_load_bundles_ns: nanoseconds(status.loadMs),
    },
  };
}

/** Go's zero time stands for never. */
function rfc3339(epochMs: number | undefined): string {
  return epochMs === undefined ? '0001-01-01T00:00:00Z' : new Date(epochMs).toISOString();
}

function nanoseconds(durationMs = 0): number {
  return Math.round(durationMs * 1e6);
}
