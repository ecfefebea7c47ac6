import { parsePlainYaml } from '../../config/yaml/plain-yaml.ts';
import type { BuiltinTable } from '../../policy/rego/builtin.ts';
import { createYamlBuiltins, type YamlCodec } from '../../policy/rego/builtins/yaml/yaml.ts';

export const plainYaml: YamlCodec = { parse: parsePlainYaml };

/** Builtins that need what other rooms own. */
export const policyBuiltins: BuiltinTable = createYamlBuiltins(plainYaml);
