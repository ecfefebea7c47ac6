/** Told of what went wrong inside: where, and what was thrown. Must not throw itself. */
export type OnFault = (where: string, fault: unknown) => void;

export function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
