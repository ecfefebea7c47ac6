/** Keys of the documented format that this version cannot honour. Ignoring one could admit. */
export const unavailableKeys: ReadonlySet<string> = new Set(['audit.upload', 'tracing']);
