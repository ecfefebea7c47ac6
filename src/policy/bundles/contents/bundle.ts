import type { JsonValue } from '../../../domain/json.ts';
import type { PolicyBundle } from '../../policy-bundle.ts';
import type { Manifest } from './manifest.ts';

/** A whole, or what to change in the whole before it. */
export type Bundle = Snapshot | Delta;

export interface Snapshot extends PolicyBundle {
  readonly type: 'snapshot';
  readonly manifest: Manifest;
}

export interface Delta {
  readonly type: 'delta';
  readonly revision: string;
  readonly manifest: Manifest;
  readonly patch: readonly PatchOperation[];
}

export interface PatchOperation {
  readonly op: 'upsert' | 'remove' | 'replace';
  /** In data: `["users", "alice"]`. Never empty. */
  readonly path: readonly string[];
  readonly value: JsonValue;
}
