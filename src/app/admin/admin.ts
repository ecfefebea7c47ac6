import { type AdminServer, createAdminServer } from '../../admin/admin-server.ts';
import type { AdminFacts, Readiness } from '../../admin/facts.ts';
import type { Clock } from '../../domain/clock.ts';
import type { JsonObject } from '../../domain/json.ts';
import { listen } from '../../server/listener.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { faultLog } from '../logs/fault-log.ts';
import type { GateKeeper, Served } from '../gate/gate-keeper.ts';
import { insecureOptions } from '../insecurity.ts';
import type { BundleStatus } from '../../policy/bundles/status.ts';
import type { LimitCounts } from '../limits/limit-counts.ts';
import type { AccessGrants } from '../grants/access-grants.ts';
import { createGrantOperations } from '../grants/grant-operations.ts';
import { describeReport, reportText } from '../grants/grant-report.ts';
import type { LimitOverrides } from '../limits/limit-overrides.ts';
import type { PolicyBundles } from '../policy/policy-bundles.ts';
import { refusalLog } from '../logs/refusal-log.ts';
import { createLimitOperations } from '../limits/limit-operations.ts';
import { rollBack } from '../policy/roll-back.ts';
import { version } from '../version.ts';

export interface AdminDependencies {
  readonly keeper: GateKeeper;
  readonly bundles: PolicyBundles;
  readonly counts: LimitCounts;
  readonly overrides: LimitOverrides;
  readonly grants: AccessGrants;
  readonly telemetry: Telemetry;
  readonly log: Logger;
  readonly clock: Clock;
  readonly isListening: () => boolean;
  /** As OPA's status API has it. */
  readonly report: () => JsonObject;
}

export function createAdmin(dependencies: AdminDependencies): AdminServer {
  const { keeper, bundles, counts, grants, telemetry, log, clock, isListening, report } =
    dependencies;
  const onFault = faultLog(log);
  const refusal = 'the admin address refused requests without the right token';
  const tellRefusal = refusalLog(log, clock, refusal);
  const { address, tokenFile } = keeper.served.config.admin;
  return createAdminServer({
    address,
    ...(tokenFile && { tokenFile }),
    listen,
    facts: () => factsOf(keeper.served, bundles.status(), grants),
    readiness: () => [
      policyReadiness(keeper.served, bundles.status()),
      { name: 'limits', ready: true, detail: counts.describe() },
      { name: 'listener', ready: isListening() },
    ],
    status: () => statusOf(keeper.served, report(), grants),
    rollback: (bundle, peer) => rollBack(bundles, log, bundle, peer),
    limits: createLimitOperations({ ...dependencies, limits: () => keeper.served.limits }),
    grants: createGrantOperations(grants),
    scrape: () => telemetry.scrape(),
    scrapeContentType: telemetry.contentType,
    onRefused: (peer) => {
      tellRefusal({ peer });
    },
    onFault: (fault) => {
      onFault('answering on the admin address', fault);
    },
  });
}

function factsOf(
  { config, policy, limits }: Served,
  statuses: readonly BundleStatus[],
  grants: AccessGrants,
): AdminFacts {
  return {
    version,
    policy: policy.identity,
    bundles: statuses.map((status) => ({ name: status.name, state: stateOf(status) })),
    limits: limits.table.names(),
    grants: grants.report()?.map((each) => ({ id: each.grant.id, state: reportText(each) })),
    insecureOptions: insecureOptions(config),
  };
}

function statusOf({ policy }: Served, report: JsonObject, grants: AccessGrants): JsonObject {
  const { name, revision, path } = policy.identity;
  const known = grants.report()?.map(describeReport);
  return { ...report, policy: { name, revision, path }, grants: known ?? null };
}

function policyReadiness(
  { isWaiting, policy }: Served,
  statuses: readonly BundleStatus[],
): Readiness {
  if (!isWaiting) {
    const { name, revision } = policy.identity;
    return { name: 'policy', ready: true, detail: `${name} ${revision}` };
  }
  const missing = statuses.filter(({ activeRevision }) => activeRevision === undefined);
  const detail = missing.map((status) => `${status.name}: ${stateOf(status)}`).join('; ');
  return { name: 'policy', ready: false, detail };
}

function stateOf({ activeRevision, heldRevision, lastActivationMs, fault }: BundleStatus): string {
  const active =
    activeRevision === undefined
      ? 'not activated yet'
      : `revision ${activeRevision} since ${new Date(lastActivationMs ?? 0).toISOString()}`;
  const held = heldRevision === undefined ? '' : `; rolled back from ${heldRevision}`;
  return fault === undefined ? active + held : `${active}${held}; ${fault.message}`;
}
