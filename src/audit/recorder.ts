import type { CompletedCheck } from '../check/check.ts';
import type { DecisionRecorder } from '../check/ports.ts';
import type { JsonObject } from '../domain/json.ts';
import type { AuditEvents } from './events.ts';
import type { Mask } from './mask.ts';
import { formatBareRecord, formatEvent, formatRecord, type RecordLabels } from './record.ts';
import type { Sink } from './sink.ts';

export interface RecorderOptions {
  readonly sinks: readonly Sink[];
  readonly mask: Mask;
  readonly labels: RecordLabels;
  readonly events: AuditEvents;
  /** Checks that may wait to be written down; more are dropped. Default 4096. */
  readonly maxPending?: number;
}

export interface Recorder extends DecisionRecorder {
  /** Writes down something that is no decision, and changes what is decided. */
  note(event: string, details: JsonObject): void;
  /** Replaces the mask, for a configuration that changed. */
  useMask(mask: Mask): void;
  /** Writes down what is pending, and waits for the sinks, but no longer than `timeoutMs`. */
  close(timeoutMs?: number): Promise<void>;
}

/** A longer line could crowd out all others, and be dropped for its length: nobody would know of it. */
const maxLineLength = 1024 * 1024;

/** Formatting stops after this many records, so that waiting checks get their turn. */
const recordsPerTurn = 128;

/**
 * Records decisions. On the road of a check it only queues; the line is made in a later turn of
 * the event loop, when the answer has left. When the queue is full the newest record is dropped:
 * a flood must not be able to push out the trace of what came before it.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sinks, labels, events, maxPending = 4096 } = options;
  let { mask } = options;
  let pending: CompletedCheck[] = [];
  let turn: NodeJS.Immediate | undefined;
  let closed = false;

  const writeDown = (completed: CompletedCheck): void => {
    const line = formatSafely(completed, mask, labels, events);
    if (line !== undefined) for (const sink of sinks) sink.write(line);
  };
  const takeTurn = (): void => {
    for (const completed of pending.slice(0, recordsPerTurn)) writeDown(completed);
    pending = pending.slice(recordsPerTurn);
    turn = pending.length > 0 ? setImmediate(takeTurn) : undefined;
  };

  return {
    record(completed) {
      if (sinks.length === 0) return;
      if (closed) return events.dropped('recorder', 'closed', 1);
      if (pending.length >= maxPending) return events.dropped('recorder', 'queue_full', 1);
      pending.push(completed);
      turn ??= setImmediate(takeTurn);
    },
    note(event, details) {
      const line = formatEvent(event, details, labels, Date.now());
      for (const sink of sinks) sink.write(line);
    },
    useMask(changed) {
      mask = changed;
    },
    async close(timeoutMs = 2000) {
      closed = true;
      clearImmediate(turn);
      pending.forEach(writeDown);
      pending = [];
      await Promise.all(sinks.map((sink) => sink.close(timeoutMs)));
    },
  };
}

/** Runs outside every check, where a throw would end the process: a fault costs its record only. */
function formatSafely(
  completed: CompletedCheck,
  mask: Mask,
  labels: RecordLabels,
  events: AuditEvents,
): string | undefined {
  try {
    const line = formatRecord(completed, mask, labels);
    if (line.length <= maxLineLength) return line;
    const fault = `the line would have ${line.length} characters, the limit is ${maxLineLength}`;
    return formatWithoutInput(completed, labels, events, fault);
  } catch (fault) {
    return formatWithoutInput(completed, labels, events, fault);
  }
}

function formatWithoutInput(
  completed: CompletedCheck,
  labels: RecordLabels,
  events: AuditEvents,
  fault: unknown,
): string | undefined {
  try {
    const line = formatBareRecord(completed, labels, String(fault));
    events.dropped('recorder', 'input_left_out', 1);
    return line;
  } catch {
    events.dropped('recorder', 'format_failed', 1);
    return undefined;
  }
}
