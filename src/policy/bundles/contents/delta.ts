import { isDeepStrictEqual } from 'node:util';
import { isJsonObject } from '../../../domain/json.ts';
import { BundleError } from '../../bundle-error.ts';
import { joinData } from '../../join-data.ts';
import { parseJsonBytes } from '../../parse-json.ts';
import type { Delta, Snapshot } from './bundle.ts';
import { splitData } from './data-documents.ts';
import { applyPatch } from './patch.ts';

/** A whole but for its modules, which stay. */
export interface ChangedData extends Omit<Snapshot, 'type' | 'modules'> {
  readonly type: 'delta';
}

/** What a delta makes of the whole before it. Throws a BundleError. */
export function applyDelta(
  before: Pick<Snapshot, 'manifest' | 'data'> | undefined,
  { revision, manifest, patch }: Delta,
): ChangedData {
  if (before === undefined) {
    throw new BundleError('the bundle is a delta bundle, and there is no bundle to change yet');
  }
  const { roots, wasm } = before.manifest;
  if (!isDeepStrictEqual({ roots, wasm }, { roots: manifest.roots, wasm: manifest.wasm })) {
    throw new BundleError(
      'the delta bundle has other roots or modules than the bundle that it changes',
    );
  }
  const data = parseJsonBytes(joinData(before.data));
  const patched = applyPatch(isJsonObject(data) ? data : {}, patch);
  return { type: 'delta', revision, manifest, data: splitData(patched, roots) };
}
