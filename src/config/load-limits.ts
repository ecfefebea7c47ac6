import type { LimitDefinition, LimitOverride, LimitRate } from '../domain/limit.ts';
import { deepFreeze } from './deep-freeze.ts';
import { leaf } from './leaf.ts';
import { keyPart } from './limit-key-part.ts';
import { match, workload } from './limit-match.ts';
import { inOrder, type Problem } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import {
  defaulted,
  filled,
  list,
  mapped,
  optional,
  required,
  section,
  unique,
  type Conflict,
} from './schema.ts';
import { parseRate, type Rate } from './units.ts';
import { integer, oneOf, text } from './values.ts';

export type LoadedLimits =
  { readonly limits: readonly LimitDefinition[] } | { readonly problems: readonly Problem[] };

/** Reads limits.yaml. Every problem is found in one go. Never throws. */
export function loadLimits(path: string): LoadedLimits {
  const problems: Problem[] = [];
  const reading = { problems, directory: '', unavailable: new Set<string>() };
  const file = limitsSchema.read(readYaml(path, problems), '', reading);
  return file === undefined || problems.length > 0
    ? { problems: inOrder(problems) }
    : { limits: deepFreeze(file.limits) };
}

const maxUnits = 1_000_000_000;
const maxWindowMs = 744 * 3_600_000;
/** Buckets are kept in microseconds, one at least for a unit. */
const maxUnitsEachMs = 1000;
/** Longer than any window; keeps every sum of microseconds exact. */
const maxFillMs = 366 * 24 * 3_600_000;

const rate = leaf({
  type: 'rate',
  expected:
    'a count and a time up to 744h, such as 100/1m or 10000/24h, of at most 1000000 a second',
  yamlType: 'string',
  parse: (value) => {
    const parsed = parseRate(value);
    return parsed !== undefined && isWithinBounds(parsed) ? parsed : undefined;
  },
});

function isWithinBounds({ quota, windowMs }: Rate): boolean {
  return (
    quota >= 1 && windowMs >= 1 && windowMs <= maxWindowMs && quota <= windowMs * maxUnitsEachMs
  );
}

const units = integer(1, maxUnits);

/** Safe in a Redis key, a header and a metric label. */
const limitName = text(
  'name',
  'a name of 1 to 64 letters, digits, dots, dashes and underscores that begins with a letter',
  /^[A-Za-z][\w.-]{0,63}$/,
);

/** A limit as it is written: `rate` is one value, and `burst` may be missing. */
interface WrittenRate {
  readonly rate: Rate;
  readonly burst?: number | undefined;
}

interface WrittenOverride extends WrittenRate {
  readonly when: { readonly caller: string };
}

interface WrittenLimit extends WrittenRate, Omit<LimitDefinition, keyof LimitRate | 'overrides'> {
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
    rate: required('rate', rate, 'Replaces the rate.'),
    burst: optional('burst', units, 'Replaces the burst; default: the count of this rate.'),
  },
  burstConflicts,
);

const limit = section<WrittenLimit>(
  {
    name: required('name', limitName, 'In headers, records and metrics.'),
    match: optional('match', match, 'Absent: only where a rule or a policy names it.'),
    by: defaulted('by', list(keyPart, 'key parts'), 'caller', 'What is counted separately.'),
    rate: required('rate', rate, 'Units and the time they are for.'),
    burst: optional('burst', units, 'Units at once; default: the count of the rate.'),
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
  (written) => [...burstConflicts(written), ...costConflicts(written)],
);

function costConflicts(written: WrittenLimit): readonly Conflict[] {
  const bursts = [written, ...written.overrides].map((each) => toRate(each).burst);
  const smallest = Math.min(...bursts);
  const message = `is ${written.cost}, but at most ${smallest} may come at once, so no request would ever fit; lower the cost or raise the burst`;
  return written.cost > smallest ? [{ key: 'cost', message }] : [];
}

function burstConflicts(written: WrittenRate): readonly Conflict[] {
  const { quota, windowMs, burst } = toRate(written);
  const message = `is ${burst}, which takes more than a year to come back at this rate; lower it`;
  return (burst * windowMs) / quota > maxFillMs ? [{ key: 'burst', message }] : [];
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

function toDefinition({ rate: written, burst, overrides, ...rest }: WrittenLimit): LimitDefinition {
  return {
    ...rest,
    ...toRate({ rate: written, burst }),
    overrides: overrides.map((each): LimitOverride => ({
      caller: each.when.caller,
      ...toRate(each),
    })),
  };
}

function toRate({ rate: { quota, windowMs }, burst = quota }: WrittenRate): LimitRate {
  return { quota, windowMs, burst };
}
