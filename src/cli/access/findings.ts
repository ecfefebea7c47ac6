import { findingsIn, type Finding, type AnalysisContext } from '../../access/analysis/findings.ts';
import type { Config } from '../../config/config.ts';
import { loadAccess } from '../../config/access/load-access.ts';
import { loadLimits } from '../../config/limits/load-limits.ts';
import type { Problem } from '../../config/problem.ts';
import { systemClock } from '../../domain/clock.ts';

export interface AccessFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** What is wrong with an access document, and what is odd about it, used by itself. */
export function accessFindings(
  file: string,
  context: Omit<AnalysisContext, 'nowMs'> = {},
): AccessFindings {
  const loaded = loadAccess(file);
  if ('problems' in loaded) return { problems: loaded.problems, warnings: [] };
  const found = findingsIn(loaded.value, { ...context, nowMs: systemClock.nowMs() });
  const said = (wanted: Finding['severity']): Problem[] =>
    found
      .filter(({ severity }) => severity === wanted)
      .map(({ line, path, message }) => ({ file, line, path, message }));
  return { problems: said('problem'), warnings: said('warning') };
}

/** The same, with the limits and trust domains of a configuration. */
export function accessFindingsOf({ access, limits, identity }: Config): AccessFindings {
  if (access === undefined) return { problems: [], warnings: [] };
  const names = limitNames(limits);
  const { trustDomains, federatedTrustDomains } = identity;
  const known = new Set([...trustDomains, ...federatedTrustDomains]);
  return accessFindings(access, {
    ...(names && { limits: names }),
    ...(trustDomains.length > 0 && { trustDomains: known }),
  });
}

/** Undefined when the file is bad, which is said elsewhere. */
function limitNames(file: string | undefined): ReadonlySet<string> | undefined {
  if (file === undefined) return new Set();
  const loaded = loadLimits(file);
  return 'value' in loaded ? new Set(loaded.value.map(({ name }) => name)) : undefined;
}
