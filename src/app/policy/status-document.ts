import type { JsonObject } from '../../domain/json.ts';
import { type BundleStatus, statusDocument } from '../../policy/bundles/status.ts';
import type { Labels } from '../labels.ts';

/** How the bundles fare, as OPA's status API has it. */
export function statusReport(labels: Labels, statuses: readonly BundleStatus[]): JsonObject {
  return {
    labels,
    bundles: Object.fromEntries(statuses.map((status) => [status.name, statusDocument(status)])),
  };
}
