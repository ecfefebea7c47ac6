import type { JsonObject } from '../../domain/json.ts';
import { printable } from '../../domain/printable.ts';
import { table } from '../command.ts';
import { durationText } from '../../domain/duration-text.ts';
import { number, objectsIn, text, textsIn } from '../reply-parts.ts';

/** What a server says of buckets, a line each, and of which limits it would have to know more. */
export function bucketTable({ buckets, unaddressed }: JsonObject): string {
  const lines = objectsIn(buckets).map((bucket) => [
    text(bucket['limit']),
    `${number(bucket['remaining'])} of ${number(bucket['burst'])} left`,
    `${number(bucket['quota'])}/${durationText(number(bucket['windowMs']))}`,
    whenFull(bucket),
    textsIn(bucket['by']).join(', ') || 'for all',
    notesOn(bucket).join(', '),
  ]);
  const rows = [['LIMIT', 'LEFT', 'RATE', 'FULL', 'COUNTED BY', ''], ...lines];
  const missing = objectsIn(unaddressed).map(
    (limit) =>
      `${text(limit['limit'])} is counted by ${textsIn(limit['missing']).join(', ')} too: say --key ${textsIn(limit['missing'])[0] ?? ''}=…`,
  );
  const found = lines.length === 0 ? 'no limit is counted so' : table(rows);
  return [found, ...missing].join('\n');
}

function whenFull(bucket: JsonObject): string {
  const { remaining, burst, resetMs } = bucket;
  return remaining === burst ? 'now' : `in ${durationText(number(resetMs))}`;
}

function notesOn({ mode, override, isOff, degraded }: JsonObject): string[] {
  return [
    ...(isOff === true ? ['off'] : []),
    ...(mode === 'shadow' ? ['shadow'] : []),
    ...(typeof override === 'string' ? [`override ${printable(override)}`] : []),
    ...(typeof degraded === 'string' ? [`Redis is away: ${degraded}`] : []),
  ];
}
