import type { Builtin, BuiltinTable } from './builtin.ts';

/** Each family of builtins: a new one is added here, and nowhere else. */
const tables: readonly BuiltinTable[] = [];

/** All builtins that the host has for a module, by their names in Rego. */
export const hostBuiltins: ReadonlyMap<string, Builtin> = new Map(tables.flatMap(Object.entries));
