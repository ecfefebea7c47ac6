import { type AdminServer, createAdminServer } from '../admin/admin-server.ts';
import type { AdminFacts, Readiness } from '../admin/facts.ts';
import type { OnFault } from '../server/fault.ts';
import { listen } from '../server/listener.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { GateKeeper, Served } from './gate-keeper.ts';
import { insecureOptions } from './insecurity.ts';
import type { LimitCounts } from './limit-counts.ts';
import { version } from './version.ts';

export interface AdminDependencies {
  readonly keeper: GateKeeper;
  readonly counts: LimitCounts;
  readonly telemetry: Telemetry;
  readonly isListening: () => boolean;
  readonly onFault: OnFault;
}

export function createAdmin(dependencies: AdminDependencies): AdminServer {
  const { keeper, counts, telemetry, isListening, onFault } = dependencies;
  return createAdminServer({
    address: keeper.served.config.admin.address,
    listen,
    facts: () => factsOf(keeper.served),
    readiness: () => readinessOf(keeper.served, counts.describe(), isListening()),
    scrape: () => telemetry.scrape(),
    scrapeContentType: telemetry.contentType,
    onFault: (fault) => {
      onFault('answering on the admin address', fault);
    },
  });
}

function factsOf({ config, policy, limits }: Served): AdminFacts {
  return {
    version,
    policy: policy.identity,
    limits: limits.names,
    insecureOptions: insecureOptions(config),
  };
}

/** A gate cannot exist without a policy and limits, so what is left to wait for is the listener. */
function readinessOf({ policy }: Served, counting: string, listening: boolean): Readiness[] {
  const { name, revision } = policy.identity;
  return [
    { name: 'policy', ready: true, detail: `${name} ${revision}` },
    { name: 'limits', ready: true, detail: counting },
    { name: 'listener', ready: listening },
  ];
}
