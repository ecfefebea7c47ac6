import type { GrantHands } from '../../admin/grant-hands.ts';
import type { HandOutcome } from '../../admin/hand-outcome.ts';
import {
  type GrantOrder,
  readGrantOrder,
  readSignature,
  serviceFault,
} from '../../config/access/grant-order.ts';
import { type Problem, withoutPlace } from '../../config/problem.ts';
import { durationText } from '../../domain/duration-text.ts';
import type { Grant, GrantTerms } from '../../domain/grant.ts';
import type { JsonObject } from '../../domain/json.ts';
import { done, withStore } from '../shared-state/with-store.ts';
import type { AccessGrants } from './access-grants.ts';
import { describeReport } from './grant-report.ts';

/** What an operator does by hand to grants; all of it is written down, with who asked. */
export function createGrantHands(grants: AccessGrants): GrantHands {
  return {
    list: () => {
      const reports = grants.report();
      return reports === undefined ? unknownNow : done(reports.map(describeReport));
    },
    add: (written, peer) => {
      const read = readGrantOrder(written);
      return 'problems' in read ? refused(read.problems) : add(grants, read.order, written, peer);
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

const unknownNow: HandOutcome<never> = {
  outcome: 'unavailable',
  reason:
    'Redis does not answer as it should, so no grant counts on this replica; its log says why',
};

function add(
  grants: AccessGrants,
  order: GrantOrder,
  written: JsonObject,
  peer: string,
): Promise<HandOutcome<JsonObject>> {
  const { terms, services } = grants.held.conditions;
  const fault = serviceFault(order.to, services) ?? durationFault(order.lifeMs, terms);
  if (fault !== undefined) return Promise.resolve({ outcome: 'refused', reason: fault });
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

function signed(
  signature: JsonObject,
  work: (by: string) => Promise<HandOutcome<JsonObject>>,
): Promise<HandOutcome<JsonObject>> {
  const read = readSignature(signature);
  return 'problems' in read ? refused(read.problems) : withStore(() => work(read.order.by));
}

function noted(
  { held }: AccessGrants,
  event: 'grant_approved' | 'grant_revoked',
  id: string,
  grant: Grant | undefined,
  asked: { readonly peer: string; readonly by: string },
): HandOutcome<JsonObject> {
  if (grant === undefined) {
    return {
      outcome: 'unknown',
      reason: `There is no grant ${JSON.stringify(id)}: it has ended, or there was none; see grant list`,
    };
  }
  held.noteAsked(event, grant, asked);
  return done(describeReport(held.report(grant)));
}

function refused(problems: readonly Problem[]): Promise<HandOutcome<never>> {
  const reason = problems.map(withoutPlace).join('\n');
  return Promise.resolve({ outcome: 'refused', reason });
}
