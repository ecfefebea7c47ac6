import { messageOf } from '../../domain/fault-message.ts';
import type { RollbackOutcome } from '../../admin/facts.ts';
import { statusDocument } from '../../policy/bundles/status.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { PolicyBundles } from './policy-bundles.ts';

/** Rolls a bundle back on somebody's command, and writes down that it was asked and what came of it. */
export async function rollBack(
  bundles: PolicyBundles,
  log: Logger,
  bundle: string,
  peer: string,
): Promise<RollbackOutcome> {
  const statusNow = () => bundles.status().find(({ name }) => name === bundle);
  const before = statusNow();
  try {
    await bundles.rollback(bundle);
  } catch (fault) {
    const reason = messageOf(fault);
    log.warn('a rollback was asked for, and could not be done', { bundle, peer, cause: reason });
    return before === undefined ? { outcome: 'unknown bundle' } : { outcome: 'refused', reason };
  }
  const after = statusNow() ?? { name: bundle };
  const revisions = { from: before?.activeRevision, to: after.activeRevision };
  log.warn('a bundle was rolled back, as was asked', { bundle, peer, ...revisions });
  return { outcome: 'done', status: statusDocument(after) };
}
