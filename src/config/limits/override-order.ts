import type { JsonObject } from '../../domain/json.ts';
import type { LimitChange } from '../../domain/limits/limit-override.ts';
import { workload } from './match.ts';
import { quota, rate, rateConflicts, toRate, units, type WrittenRate } from './rate.ts';
import type { Loaded } from '../loaded.ts';
import { readOrder } from '../read-order.ts';
import { name } from '../schema/document-values.ts';
import {
  conflictIf,
  mapped,
  optional,
  required,
  section,
  type Conflict,
} from '../schema/schema.ts';
import { duration, line, oneOf } from '../schema/values.ts';

/** An emergency override as it is ordered. */
export interface OverrideOrder {
  readonly limit: string;
  readonly caller?: string;
  readonly change: LimitChange;
  readonly lifeMs: number;
  readonly reason: string;
  readonly by: string;
}

/** As {@link readOrder}. */
export function readOverrideOrder(content: JsonObject): Loaded<OverrideOrder> {
  return readOrder('override', content, orderSchema);
}

interface WrittenOrder extends WrittenRate {
  readonly limit: string;
  readonly caller?: string;
  readonly mode?: 'off' | 'shadow';
  readonly lifeMs: number;
  readonly reason: string;
  readonly by: string;
}

const orderSchema = mapped(
  section<WrittenOrder>(
    {
      limit: required('limit', name, 'Its name in limits.yaml.'),
      caller: optional('caller', workload, 'The principal, exactly; else it is for all.'),
      rate: optional('rate', rate, 'Instead of its rate.'),
      burst: optional('burst', units, 'Of that rate; default: its count.'),
      quota: optional('quota', quota, 'Instead of its quota.'),
      mode: optional('mode', oneOf(['off', 'shadow']), 'Instead of a rate.'),
      lifeMs: required('for', duration('1s', '24h'), 'For how long it holds.'),
      reason: required('reason', line(500), 'For whoever asks later.'),
      by: required('by', line(100), 'Who answers for it.'),
    },
    conflictsIn,
  ),
  toOrder,
);

function conflictsIn(written: WrittenOrder): readonly Conflict[] {
  const { mode, rate: given, quota: counted, burst } = written;
  if (mode === undefined) return rateConflicts(written);
  const isAlone = given === undefined && counted === undefined && burst === undefined;
  return conflictIf(!isAlone, 'mode', 'stands beside a rate; give one of them');
}

function toOrder(written: WrittenOrder): OverrideOrder {
  const { rate: _rate, burst: _burst, quota: _quota, mode: _mode, ...rest } = written;
  return { ...rest, change: changeIn(written) };
}

function changeIn({ mode, ...written }: WrittenOrder): LimitChange {
  if (mode !== undefined) return { kind: mode };
  const unit = written.quota?.unit;
  return { kind: 'rate', rate: toRate(written), ...(unit && { unit }) };
}
