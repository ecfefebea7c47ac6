import type { SigningSettings } from '../../../domain/bundle-settings.ts';
import type { YamlCodec } from '../../rego/builtins/yaml/yaml.ts';
import type { Snapshot } from './bundle.ts';
import { applyDelta, type ChangedData } from './delta.ts';
import { type BundleContent, readBundle } from './read-bundle.ts';
import { createSignatureCheck } from './signatures.ts';

/** A bundle to be read, in a form that can go to another process. */
export interface ReadTask {
  readonly content: BundleContent;
  /** The most that an archive may unpack to. */
  readonly maxBytes: number;
  /** Absent: a bundle that is signed is refused. */
  readonly signing: SigningSettings | undefined;
  /** What a delta would change; absent: there is nothing yet. */
  readonly before: Pick<Snapshot, 'manifest' | 'data'> | undefined;
}

/** What was read: a whole, or what a delta makes of the one before it, whose modules stay. */
export type ReadBundle = Snapshot | ChangedData;

/** Rejects with a BundleError, whatever goes wrong; and soon when the signal says that nobody waits. */
export type BundleReader = (task: ReadTask, signal?: AbortSignal) => Promise<ReadBundle>;

/** Reads here and now: megabytes of data take seconds. */
export async function readHere(
  { content, maxBytes, signing, before }: ReadTask,
  yaml: YamlCodec,
): Promise<ReadBundle> {
  const signatures = createSignatureCheck(signing);
  const bundle = await readBundle(content, { maxBytes, signatures, yaml });
  return bundle.type === 'snapshot' ? bundle : applyDelta(before, bundle);
}
