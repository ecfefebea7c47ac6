import { castBuiltins } from '../../../../../src/policy/rego/builtins/casts.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('casts', castBuiltins);
