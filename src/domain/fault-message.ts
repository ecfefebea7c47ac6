/** What a thrown value says: anything can be thrown, not only an Error. */
export function messageOf(fault: unknown): string {
  return fault instanceof Error ? fault.message : String(fault);
}
