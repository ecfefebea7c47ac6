import type { LimitDefinition, LimitOverride, LimitRate } from '../../domain/limits/limit.ts';
import type { Loaded } from '../loaded.ts';
import { lease, leaseConflicts } from './lease.ts';
import { keyPart } from './key-part.ts';
import { match, workload } from './match.ts';
import { quota, rate, rateConflicts, toCalendar, toRate, units, type WrittenRate } from './rate.ts';
import { readDocument } from '../schema/read-document.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { name, timeZone } from '../schema/document-values.ts';
import {
  conflictIf,
  defaulted,
  filled,
  list,
  mapped,
  optional,
  required,
  section,
  unique,
  type Conflict,
} from '../schema/schema.ts';
import { integer, oneOf } from '../schema/values.ts';

/** Reads limits.yaml. Every problem is found in one go. Never throws. */
export function loadLimits(path: string): Loaded<readonly LimitDefinition[]> {
  const file = readDocument(limitsSchema, (problems) => readYaml(path, problems));
  return 'value' in file ? { value: file.value.limits } : file;
}

interface WrittenOverride extends WrittenRate {
  readonly when: { readonly caller: string };
}

/** A limit as it is written. */
interface WrittenLimit
  extends WrittenRate, Omit<LimitDefinition, keyof LimitRate | 'calendar' | 'overrides'> {
  readonly timeZone?: string;
  readonly overrides: readonly WrittenOverride[];
}

const override = section<WrittenOverride>(
  {
    when: required(
      'when',
      section<WrittenOverride['when']>({
        caller: required('caller', workload, 'The principal, exactly.'),
      }),
      'Whom it is for.',
    ),
    rate: optional('rate', rate, 'Replaces the rate.'),
    burst: optional('burst', units, 'Replaces the burst; default: the count of this rate.'),
    quota: optional('quota', quota, 'Replaces the quota.'),
  },
  rateConflicts,
);

const limit = section<WrittenLimit>(
  {
    name: required('name', name, 'In headers, records and metrics.'),
    match: optional('match', match, 'Absent: only where a rule or a policy names it.'),
    by: defaulted('by', list(keyPart, 'key parts'), 'caller', 'What is counted separately.'),
    rate: optional('rate', rate, 'Units and the time they are for.'),
    burst: optional('burst', units, 'Units at once; default: the count of the rate.'),
    quota: optional('quota', quota, 'Instead of a rate: units a day, week or month.'),
    timeZone: optional('timeZone', timeZone, 'Where its days begin; default: UTC.'),
    lease: optional('lease', lease, 'Each replica takes some of a hot bucket ahead.'),
    cost: defaulted('cost', units, '1', 'Units that one request takes.'),
    mode: defaulted('mode', oneOf(['enforce', 'shadow']), 'enforce', 'Shadow: never refused.'),
    onError: defaulted(
      'onError',
      oneOf(['allow', 'deny', 'local']),
      'local',
      'When Redis cannot answer.',
    ),
    overrides: defaulted('overrides', list(override, 'overrides'), '', 'The first that holds.'),
  },
  (written) => [
    ...rateConflicts(written),
    ...calendarConflicts(written),
    ...costConflicts(written),
    ...leaseConflicts(written, ratesOf(written), written.quota !== undefined),
  ],
);

function calendarConflicts({
  quota: counted,
  timeZone: zone,
  overrides,
}: WrittenLimit): readonly Conflict[] {
  const differs = overrides.some((each) => each.quota?.unit !== counted?.unit);
  return [
    ...conflictIf(zone !== undefined && counted === undefined, 'timeZone', 'is of a quota'),
    ...conflictIf(differs, 'overrides', 'must count as the limit does: by rate, or by its window'),
  ];
}

function costConflicts(written: WrittenLimit): readonly Conflict[] {
  const smallest = Math.min(...ratesOf(written).map(({ burst }) => burst));
  const message = `is ${written.cost}, but at most ${smallest} may come at once, so no request would ever fit; lower the cost or raise the burst`;
  return conflictIf(written.cost > smallest, 'cost', message);
}

function ratesOf(written: WrittenLimit): readonly LimitRate[] {
  return [written, ...written.overrides].map(toRate);
}

const limitsNothing =
  'is empty, so nothing would be limited; to mean that, remove `limits` from sallyport.yaml';

const limitsSchema = section<{ version: number; limits: readonly LimitDefinition[] }>({
  version: required('version', integer(1, 1), 'The format; always 1.'),
  limits: required(
    'limits',
    filled(unique(list(mapped(limit, toDefinition), 'limits'), 'name'), limitsNothing),
    'In any order: all that match apply.',
  ),
});

function toDefinition(written: WrittenLimit): LimitDefinition {
  const {
    rate: _rate,
    burst: _burst,
    quota: counted,
    timeZone: zone,
    overrides,
    ...rest
  } = written;
  return {
    ...rest,
    ...toRate(written),
    ...(counted && { calendar: toCalendar(counted, zone) }),
    overrides: overrides.map((each): LimitOverride => ({
      caller: each.when.caller,
      ...toRate(each),
    })),
  };
}
