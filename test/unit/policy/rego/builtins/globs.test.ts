import { globBuiltins } from '../../../../../src/policy/rego/builtins/globs/globs.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('globs', globBuiltins);
