import { BlockList, isIP } from 'node:net';
import {
  type AccessConditions,
  type AccessExceptions,
  type ClaimValue,
  type TimeWindow,
  type Values,
  weekdays,
} from '../../domain/access/access.ts';
import { normaliseHost } from '../../domain/request/host.ts';
import { parsePrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { leaf } from '../schema/leaf.ts';
import { method, pathPattern, timeZone } from '../schema/document-values.ts';
import { anyName, mapOf, type NameForm } from '../schema/map-of.ts';
import {
  conflictIf,
  defaulted,
  filled,
  list,
  mapped,
  optional,
  refined,
  refuse,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import { integer, oneOf } from '../schema/values.ts';

const matchesNothing = 'is empty, so nothing would match; remove it or fill it';

/** A list that may be left out, but not be empty. */
export function some<T>(item: Schema<T>, plural: string): Schema<readonly T[]> {
  return filled(list(item, plural), matchesNothing);
}

export const principalPattern = leaf({
  type: 'principal',
  expected:
    'the SPIFFE ID of a workload (spiffe://prod/ns/shop/sa/web), one that ends in /*, the subject of a token, or * for whoever is known',
  yamlType: 'string',
  parse: parsePrincipalPattern,
});

export const hostName = leaf({
  type: 'host',
  expected: 'a host without a port, such as orders.shop.svc.cluster.local',
  yamlType: 'string',
  parse: (value) => {
    const host = normaliseHost(value);
    return host === '' || /\*|:\d*$/.test(value) ? undefined : host;
  },
});

export const portNumber = integer(1, 65_535);

const cidrBlock = refined(
  leaf({
    type: 'CIDR block',
    expected: 'an address or a CIDR block, such as 10.0.0.0/8 or 2001:db8::/32',
    yamlType: 'string',
    parse: parseBlock,
  }),
  (block) =>
    block.includes(':') && mappedIpv4.check(block.replace(/\/.*/, ''), 'ipv6')
      ? 'is IPv4 written as IPv6, as which no caller is known; write it as IPv4'
      : undefined,
);

/** RFC 4291 §2.5.5.2. */
const mappedIpv4 = new BlockList();
mappedIpv4.addSubnet('::ffff:0:0', 96, 'ipv6');

/** An address is a block of one. */
function parseBlock(value: string): string | undefined {
  const [, address = '', bits] = /^([0-9a-fA-F.:]+)(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const width = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (width === 0 || (bits !== undefined && Number(bits) > width)) return undefined;
  return `${address}/${bits ?? width}`;
}

export const instant = leaf({
  type: 'time',
  expected: 'a time with its offset, such as 2027-01-01T00:00:00Z',
  yamlType: 'string',
  parse: parseInstant,
});

/** RFC 3339. A day that its month does not have would be read as one of the next. */
function parseInstant(value: string): number | undefined {
  const [, year, month, day] =
    /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.exec(value) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const instantMs = Date.parse(value);
  return date.getUTCDate() === Number(day) && !Number.isNaN(instantMs) ? instantMs : undefined;
}

const minuteOfDay = leaf({
  type: 'time of day',
  expected: 'a time of day from 00:00 to 24:00, such as 08:30',
  yamlType: 'string',
  parse: (value) => {
    const [, hour, minute] = /^(\d\d):([0-5]\d)$/.exec(value) ?? [];
    const minutes = Number(hour) * 60 + Number(minute);
    return minutes <= 24 * 60 ? minutes : undefined;
  },
});

const timeWindow = section<TimeWindow>(
  {
    days: defaulted(
      'days',
      some(oneOf(weekdays), 'days of the week'),
      weekdays.join(),
      'On which it begins.',
    ),
    fromMinute: required('from', minuteOfDay, 'When it begins.'),
    toMinute: required('to', minuteOfDay, 'When it ends; earlier than `from`: on the next day.'),
    timeZone: defaulted('timeZone', timeZone, 'UTC', 'Whose days and hours.'),
  },
  ({ fromMinute, toMinute }) =>
    conflictIf(fromMinute === toMinute, 'to', 'is when it begins; for a whole day, 00:00 to 24:00'),
);

/** A single value, in the type that it has in the file. */
const plainValue: Schema<ClaimValue> = {
  type: 'text, number or boolean',
  read(node, path, reading) {
    if (node.kind === 'broken') return undefined;
    if (node.kind === 'scalar' && node.value !== null && node.value !== '*') return node.value;
    return refuse(node, path, reading, 'must be a text, number or boolean; "*" stands alone');
  },
};

/** `"*"`, a value, or a list of values. */
function valuesOf(item: Schema<ClaimValue>): Schema<Values> {
  const several = some(item, 'values');
  return {
    type: '"*", value or list of values',
    read(node, path, reading) {
      if (node.kind !== 'scalar') return several.read(node, path, reading);
      if (node.value === '*') return 'present';
      const value = item.read(node, path, reading);
      return value === undefined ? undefined : [value];
    },
  };
}

const headerValue = refined(plainValue, (value) => {
  if (typeof value !== 'string') return 'must be text; put it in quotes';
  return value.includes(',') ? 'must not have a comma, which separates values' : undefined;
});

/** RFC 9110 §5.1: a field name is a token. */
const headerName: NameForm = {
  pattern: /^(?::authority|[\w!#$%&'*+.^`|~-]{1,256})$/,
  words: 'that of a header, such as x-tenant, or :authority',
};

/** Names are one in any case; the same one twice would be two minds about it. */
export const headers = mapped(
  refined(mapOf(valuesOf(headerValue), 'values', headerName), (written) =>
    asEnvoyNames(written).size === written.size ? undefined : 'has a header twice',
  ),
  asEnvoyNames,
);

/** Envoy knows the Host of HTTP/1.1 as `:authority` (HostLegacy in its header_map_impl.cc), and sends no other. */
function asEnvoyNames(written: ReadonlyMap<string, Values>): ReadonlyMap<string, Values> {
  return new Map(
    Array.from(written, ([writtenName, values]) => {
      const name = writtenName.toLowerCase();
      return [name === 'host' ? ':authority' : name, values];
    }),
  );
}

const claims = mapOf(valuesOf(plainValue), 'values', anyName);

const marks = {
  sourceIps: optional('sourceIps', some(cidrBlock, 'CIDR blocks'), 'Where it comes from.'),
  ports: optional('ports', some(portNumber, 'ports'), 'Of the destination.'),
  hosts: optional('hosts', some(hostName, 'hosts'), 'That are called.'),
  claims: optional('claims', claims, 'Of the caller’s token.'),
};

export const conditions = section<AccessConditions>({
  ...marks,
  notBeforeMs: optional('notBefore', instant, 'From when on the rule holds.'),
  notAfterMs: optional('notAfter', instant, 'Until when.'),
  times: optional('times', some(timeWindow, 'time windows'), 'At which times of the week.'),
});

export const exceptions = section<AccessExceptions>({
  ...marks,
  from: optional('from', some(principalPattern, 'principals'), 'Who calls.'),
  methods: optional('methods', some(method, 'methods'), 'HTTP methods; GET is HEAD too.'),
  paths: optional('paths', some(pathPattern, 'path patterns'), 'Path patterns.'),
  headers: optional('headers', headers, 'Of the request.'),
});
