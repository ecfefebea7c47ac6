import { isDeepStrictEqual } from 'node:util';
import { BundleError } from '../bundle-error.ts';
import type { Delta, Snapshot } from './bundle.ts';
import { applyPatch } from './patch.ts';

/** The whole that a delta makes of the one before it. Throws a BundleError. */
export function applyDelta(before: Snapshot | undefined, delta: Delta): Snapshot {
  if (before === undefined) {
    throw new BundleError('the bundle is a delta bundle, and there is no bundle to change yet');
  }
  const { roots, wasm } = before.manifest;
  if (
    !isDeepStrictEqual({ roots, wasm }, { roots: delta.manifest.roots, wasm: delta.manifest.wasm })
  ) {
    throw new BundleError(
      'the delta bundle has other roots or modules than the bundle that it changes',
    );
  }
  const { revision, manifest, patch } = delta;
  return { ...before, revision, manifest, data: applyPatch(before.data, patch) };
}
