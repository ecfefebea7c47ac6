import type { BundleSettings } from '../../domain/bundle-settings.ts';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/fault-message.ts';
import { BundleError } from '../bundle-error.ts';
import type { Snapshot } from './contents/bundle.ts';
import { createHttpSource } from './sources/http-source.ts';
import { type KeptBundle, keepBundle } from './sources/kept-bundle.ts';
import { createLocalSource } from './sources/local-source.ts';
import type { BundleContent } from './contents/read-bundle.ts';
import type { BundleReader } from './contents/read-task.ts';
import { createSignatureCheck } from './contents/signatures.ts';
import { type BundleSource, type FetchedBundle, SourceError } from './sources/source.ts';
import type { BundleFault, BundleStatus } from './status.ts';

/** A whole that may take the place of the one before, and how it came. */
export interface Candidate {
  readonly snapshot: Snapshot;
  /** What is to be kept on disk as soon as it serves. */
  readonly archive?: Uint8Array;
  readonly tag?: string;
}

/** One bundle: where it comes from, what there is of it, and how it fares. */
export class TrackedBundle {
  readonly settings: BundleSettings;
  readonly source: BundleSource;
  readonly kept: KeptBundle | undefined;
  readonly #read: BundleReader;
  /** What serves, or will as soon as every bundle of the set is there. */
  current: Candidate | undefined;
  /** What had served before; what a rollback goes back to. */
  previous: Candidate | undefined;
  status: BundleStatus;

  /** Throws a BundleError for keys that are none. */
  constructor(settings: BundleSettings, clock: Clock, read: BundleReader) {
    const { name, source, maxBytes, persistDirectory } = settings;
    this.settings = settings;
    this.source =
      source.kind === 'local'
        ? createLocalSource(source.path, maxBytes)
        : createHttpSource(source, maxBytes, clock);
    this.kept = persistDirectory === undefined ? undefined : keepBundle(persistDirectory, name);
    this.#read = read;
    refuseBadKeys(settings);
    this.status = { name };
  }

  get name(): string {
    return this.settings.name;
  }

  /** Verifies and reads what was fetched, and applies it if it is a delta. Throws a BundleError. */
  async candidateFrom(
    { content, sizeBytes, tag }: FetchedBundle,
    signal: AbortSignal,
  ): Promise<Candidate> {
    const before = this.current?.snapshot;
    const bundle = await this.#readContent(content, before, signal);
    this.note({ type: bundle.type, sizeBytes });
    const withTag = tag === undefined ? {} : { tag };
    if (bundle.type === 'delta') {
      const modules = before?.modules ?? new Map();
      return { snapshot: { ...bundle, type: 'snapshot', modules }, ...withTag };
    }
    const isKept = this.kept !== undefined && content instanceof Uint8Array;
    return { snapshot: bundle, ...(isKept && { archive: content }), ...withTag };
  }

  /** What was kept on disk, verified anew; undefined: nothing. Rejects with a sentence. */
  async candidateFromDisk(): Promise<Candidate | undefined> {
    const archive = await this.kept?.read();
    if (archive === undefined) return undefined;
    const bundle = await this.#readContent(archive);
    return bundle.type === 'snapshot' ? { snapshot: bundle } : undefined;
  }

  #readContent(content: BundleContent, before?: Snapshot, signal?: AbortSignal) {
    const { maxBytes, signing } = this.settings;
    // A delta needs the data and not the modules, which would be copied.
    const changed = before && { manifest: before.manifest, data: before.data };
    return this.#read({ content, maxBytes, signing, before: changed }, signal);
  }

  note(changes: Partial<BundleStatus>): void {
    this.status = { ...this.status, ...changes };
  }

  noteFault(error: unknown): void {
    this.note({ fault: faultOf(error) });
  }

  clear(what: 'fault' | 'heldRevision'): void {
    const { [what]: _gone, ...status } = this.status;
    this.status = status;
  }
}

/** Each bundle is read with keys that are good, then, and another one is not blamed for them. */
function refuseBadKeys({ name, signing }: BundleSettings): void {
  try {
    createSignatureCheck(signing);
  } catch (error) {
    const why = messageOf(error);
    throw new BundleError(`bundle ${name} cannot be verified: ${why}`, { cause: error });
  }
}

function faultOf(error: unknown): BundleFault {
  const message = messageOf(error);
  const httpCode = error instanceof SourceError ? error.httpCode : undefined;
  return httpCode === undefined ? { message } : { message, httpCode };
}
