import type { BundleContent } from '../contents/read-bundle.ts';
import type { ShownCertificates } from './shown-certificates.ts';

/** Where a bundle comes from. */
export interface BundleSource {
  /**
   * The bundle as it is now, unless it is still the one with the given tag. Rejects with a
   * SourceError, and for what could never be a bundle with a BundleError.
   */
  fetch(knownTag: string | undefined, signal: AbortSignal): Promise<Fetched>;
  /** Of the last answer; absent: there is no server. */
  certificates?(): ShownCertificates;
}

export type Fetched = FetchedBundle | { readonly outcome: 'unchanged'; readonly waits: boolean };

export interface FetchedBundle {
  readonly outcome: 'fetched';
  readonly content: BundleContent;
  readonly sizeBytes: number;
  /** By which it is known again; undefined when nothing would tell. */
  readonly tag: string | undefined;
  /** Whether the source itself waits for news, and is to be asked again at once. */
  readonly waits: boolean;
}

/** The bundle cannot be had now. The message says why. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
  /** What the server answered, if that is the reason. */
  readonly httpCode: number | undefined;

  constructor(
    message: string,
    options: { readonly cause?: unknown; readonly httpCode?: number } = {},
  ) {
    super(message, { cause: options.cause });
    this.httpCode = options.httpCode;
  }
}
