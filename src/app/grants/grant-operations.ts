import type { GrantOperations } from '../../admin/grant-operations.ts';
import type { OperationOutcome } from '../../admin/operation-outcome.ts';
import {
  type GrantOrder,
  readGrantOrder,
  readSignature,
  serviceFault,
} from '../../config/access/grant-order.ts';
import { durationText } from '../../domain/duration-text.ts';
import type { Grant, GrantTerms } from '../../domain/access/grant.ts';
import type { JsonObject } from '../../domain/json.ts';
import { done, refusedFor, withStore } from '../admin/operation-outcomes.ts';
import type { AccessGrants } from './access-grants.ts';
import { describeReport } from './grant-report.ts';

/** What an operator can see of grants and do to them; each change is written down, with who asked for it. */
export function createGrantOperations(grants: AccessGrants): GrantOperations {
  return {
    list: () => {
      const reports = grants.report();
      return reports === undefined ? unknownNow : done(reports.map(describeReport));
    },
    add: async (written, peer) => {
      const read = readGrantOrder(written);
      return 'problems' in read
        ? refusedFor(read.problems)
        : add(grants, read.value, written, peer);
    },
    approve: (id, signature, peer) =>
      signed(signature, async (by) =>
        noted(grants, 'grant_approved', id, await grants.approve(id, by), { peer, by }),
      ),
    revoke: (id, signature, peer) =>
      signed(signature, async (by) =>
        noted(grants, 'grant_revoked', id, await grants.revoke(id), { peer, by }),
      ),
  };
}

const unknownNow: OperationOutcome<never> = {
  outcome: 'unavailable',
  reason:
    'Redis does not answer as it should, so no grant counts on this replica; its log says why',
};

async function add(
  grants: AccessGrants,
  order: GrantOrder,
  written: JsonObject,
  peer: string,
): Promise<OperationOutcome<JsonObject>> {
  const { terms, services } = grants.held.conditions;
  const fault = serviceFault(order.to, services) ?? durationFault(order.lifeMs, terms);
  if (fault !== undefined) return { outcome: 'refused', reason: fault };
  return withStore(async () => {
    const grant = await grants.add(written, order.lifeMs, terms.approval === 'required');
    grants.held.noteAsked('grant_added', grant, { peer, by: order.by });
    return done(describeReport(grants.held.report(grant)));
  });
}

function durationFault(lifeMs: number, { maxDurationMs }: GrantTerms): string | undefined {
  return lifeMs > maxDurationMs
    ? `for: is longer than grants.maxDuration allows (${durationText(maxDurationMs)})`
    : undefined;
}

async function signed(
  signature: JsonObject,
  work: (by: string) => Promise<OperationOutcome<JsonObject>>,
): Promise<OperationOutcome<JsonObject>> {
  const read = readSignature(signature);
  return 'problems' in read ? refusedFor(read.problems) : withStore(() => work(read.value.by));
}

function noted(
  { held }: AccessGrants,
  event: 'grant_approved' | 'grant_revoked',
  id: string,
  grant: Grant | undefined,
  asked: { readonly peer: string; readonly by: string },
): OperationOutcome<JsonObject> {
  if (grant === undefined) {
    return {
      outcome: 'unknown',
      reason: `There is no grant ${JSON.stringify(id)}: it has ended, or there was none; see grant list`,
    };
  }
  held.noteAsked(event, grant, asked);
  return done(describeReport(held.report(grant)));
}
