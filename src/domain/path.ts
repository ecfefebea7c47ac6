/**
 * The ways in which two programs read one path differently. Each has been an authorization
 * bypass somewhere (docs/security.md lists them); each is denied unless the configuration
 * relaxes it by name.
 */
export const pathAmbiguities = [
  'dot-segment',
  'empty-segment',
  'semicolon',
  'backslash',
  'encoded-slash',
  'encoded-backslash',
  'encoded-dot',
  'encoded-null',
  'fragment',
  'bad-percent',
] as const;

export type PathAmbiguity = (typeof pathAmbiguities)[number];
