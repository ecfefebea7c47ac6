import { parsePlainYaml } from '../config/plain-yaml.ts';
import type { BuiltinTable } from '../policy/rego/builtin.ts';
import { createYamlBuiltins } from '../policy/rego/builtins/yaml.ts';

/** Builtins that need what other rooms own. */
export const policyBuiltins: BuiltinTable = createYamlBuiltins({ parse: parsePlainYaml });
