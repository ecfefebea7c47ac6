import { policyBuiltins } from '../../src/app/policy/policy-builtins.ts';
import type { Builtin } from '../../src/policy/rego/builtin.ts';
import { hostBuiltins } from '../../src/policy/rego/builtins.ts';

/** What the server answers policies, whatever its configuration. */
export const serverBuiltins: ReadonlyMap<string, Builtin> = new Map([
  ...hostBuiltins,
  ...Object.entries(policyBuiltins),
]);
