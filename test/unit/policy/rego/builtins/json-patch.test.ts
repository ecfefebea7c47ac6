import { jsonPatchBuiltins } from '../../../../../src/policy/rego/builtins/json-patch.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('json-patch', jsonPatchBuiltins);
