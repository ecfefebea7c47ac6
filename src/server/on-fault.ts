/** Told of what went wrong inside: where, and what was thrown. Must not throw itself. */
export type OnFault = (where: string, fault: unknown) => void;
