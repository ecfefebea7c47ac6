/** Why a record, or its input and result, did not reach a sink. */
export type DropCause =
  'queue_full' | 'input_left_out' | 'format_failed' | 'buffer_full' | 'write_failed' | 'closed';

/** What the audit trail says about itself: for metrics and the log. Must not throw. */
export interface AuditEvents {
  /** `sink` is `recorder` for what was lost before any sink. */
  dropped(sink: string, cause: DropCause, records: number): void;
  /** A sink's first failure after it worked. */
  failing(sink: string, error: unknown): void;
  /** A sink's first success after it failed. */
  recovered(sink: string): void;
}
