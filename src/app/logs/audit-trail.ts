import type { AuditEvents } from '../../audit/events.ts';
import { createFileSink } from '../../audit/file-sink.ts';
import { compileMask } from '../../audit/mask.ts';
import { createRecorder, type Recorder } from '../../audit/recorder.ts';
import type { Sink } from '../../audit/sink.ts';
import { createStdoutSink } from '../../audit/stdout-sink.ts';
import type { AuditConfig } from '../../config/config.ts';
import type { Logger } from '../../telemetry/log.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import type { Labels } from '../labels.ts';

/** Records to wherever the configuration says; what is lost on the way is counted and logged. */
export function createAuditTrail(
  audit: AuditConfig,
  labels: Labels,
  log: Logger,
  telemetry: Telemetry,
): Recorder {
  const events: AuditEvents = {
    dropped: (sink, cause, records) => {
      telemetry.recordsDropped(sink, cause, records);
    },
    failing: (sink, error) => {
      log.error('decision records are being lost', { sink, cause: String(error) });
    },
    recovered: (sink) => {
      log.info('decision records are written again', { sink });
    },
  };
  return createRecorder({
    sinks: sinksOf(audit, events),
    mask: compileMask(audit.mask),
    labels,
    events,
  });
}

function sinksOf({ stdout, file }: AuditConfig, events: AuditEvents): Sink[] {
  return [
    ...(stdout ? [createStdoutSink(events)] : []),
    ...(file ? [createFileSink(file, events)] : []),
  ];
}
