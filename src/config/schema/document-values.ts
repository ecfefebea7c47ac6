/** Values that access.yaml, limits.yaml, decision cases and orders have in common. */
import { pathPatternFault } from '../../domain/request/path-pattern.ts';
import { leaf } from './leaf.ts';
import { refined } from './schema.ts';
import { text } from './values.ts';

export const namePattern = /^[A-Za-z][\w.-]{0,63}$/;

/** Of a service, a rule or a limit: safe in a Redis key, a header, a metric label and a picture. */
export const name = text(
  'name',
  'a name of 1 to 64 letters, digits, dots, dashes and underscores that begins with a letter',
  namePattern,
);

export const method = text(
  'method',
  'an HTTP method in capitals, such as GET',
  /^[A-Z][A-Z0-9_-]{0,31}$/,
);

export const pathPattern = refined(
  text('path pattern', 'a path such as /orders/{id} or /orders/**', /^\//),
  pathPatternFault,
);

export const timeZone = leaf({
  type: 'time zone',
  expected: 'a time zone of the IANA database, such as Europe/Berlin',
  yamlType: 'string',
  parse: (value) => (isTimeZone(value) ? value : undefined),
});

/** An offset such as +01:00 is none: it knows no summer time. */
function isTimeZone(value: string): boolean {
  if (!/^[A-Za-z]/.test(value)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).format(0) !== '';
  } catch {
    return false;
  }
}
