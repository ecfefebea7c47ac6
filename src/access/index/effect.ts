/**
 * Whether a part of a rule opens the gate by matching, or closes it. What is in doubt, such as a
 * header with several values, must not open and must close.
 */
export type Effect = 'opens' | 'closes';
