import { text } from '../schema/values.ts';

/** Safe in a Redis key, a header and a metric label. */
export const limitName = text(
  'name',
  'a name of 1 to 64 letters, digits, dots, dashes and underscores that begins with a letter',
  /^[A-Za-z][\w.-]{0,63}$/,
);
