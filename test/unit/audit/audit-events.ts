import type { AuditEvents } from '../../../src/audit/events.ts';

/** Remembers what was said, in order. */
export function rememberedEvents() {
  const drops: [sink: string, cause: string, records: number][] = [];
  const states: string[] = [];
  const events: AuditEvents = {
    dropped: (sink, cause, records) => drops.push([sink, cause, records]),
    failing: (sink) => states.push(`${sink} failing`),
    recovered: (sink) => states.push(`${sink} recovered`),
  };
  const lost = (): number => drops.reduce((sum, [, , records]) => sum + records, 0);
  return { events, drops, states, lost };
}
