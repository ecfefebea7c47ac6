import type { BundleObserver } from '../../policy/bundles/bundle-set.ts';
import type { BundleStatus } from '../../policy/bundles/status.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';

/** Counts every check of a bundle, and logs what is new: not the same fault again and again. */
export function createBundleNews(
  log: Logger,
  telemetry: Telemetry,
  onChecked: () => void,
): BundleObserver {
  const faults = new Map<string, string>();
  const report = (status: BundleStatus): void => {
    const { name, fault, activeRevision } = status;
    const known = faults.get(name);
    if (fault === undefined) {
      faults.delete(name);
      if (known !== undefined) log.info('a bundle is well again', { bundle: name });
    } else if (fault.message !== known) {
      faults.set(name, fault.message);
      log.error(`a bundle is not taken: ${consequence(activeRevision)}`, {
        bundle: name,
        cause: fault.message,
      });
    }
  };
  return {
    checked(status, result, { source }) {
      const { name, fault, activeRevision } = status;
      telemetry.bundleChecked(name, result, fault && String(fault.httpCode ?? 0));
      // Of local bundles, whoever loads them says the problems, as of every other file.
      if (source.kind === 'http') report(status);
      if (result === 'activated') {
        log.info('a bundle decides', { bundle: name, revision: activeRevision });
      }
      onChecked();
    },
  };
}

function consequence(activeRevision: string | undefined): string {
  return activeRevision === undefined
    ? 'until it is, checks are denied'
    : `revision ${activeRevision} goes on deciding`;
}
