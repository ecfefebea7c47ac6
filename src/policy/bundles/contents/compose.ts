import type { PolicyBundle } from '../../policy-bundle.ts';
import { BundleError } from '../../bundle-error.ts';
import type { Snapshot } from './bundle.ts';
import { formatRoot, RootTree } from './roots.ts';

/** Bundles by their names as one policy. Throws a BundleError when two own the same part of data. */
export function compose(bundles: ReadonlyMap<string, Snapshot>): PolicyBundle {
  refuseOverlap([...bundles]);
  const [only, ...others] = bundles.values();
  if (only !== undefined && others.length === 0) return only;
  return {
    revision: Array.from(bundles, ([name, { revision }]) => `${name}=${revision}`).join(' '),
    // An entrypoint is within the roots of its bundle, so no two have the same.
    modules: new Map([...bundles.values()].flatMap(({ modules }) => [...modules])),
    // Roots that do not overlap leave no place that two could have in common.
    data: [...bundles.values()].flatMap(({ data }) => data),
    owners: new Map(
      [...bundles].flatMap(([name, { modules }]) =>
        Array.from(modules.keys(), (entrypoint) => [entrypoint, name] as const),
      ),
    ),
    parts: Object.fromEntries(Array.from(bundles, ([name, { revision }]) => [name, { revision }])),
  };
}

function refuseOverlap(bundles: readonly (readonly [string, Snapshot])[]): void {
  for (const [index, [name, { manifest }]] of bundles.entries()) {
    const own = new RootTree(manifest.roots);
    for (const [otherName, other] of bundles.slice(index + 1)) {
      const shared = other.manifest.roots.find((root) => own.overlapping(root) !== undefined);
      if (shared === undefined) continue;
      throw new BundleError(
        `bundles ${name} and ${otherName} overlap: both own data at ${formatRoot(shared)}`,
      );
    }
  }
}
