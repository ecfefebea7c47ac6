import { digestBuiltins } from '../../../../../src/policy/rego/builtins/digest.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('digest', digestBuiltins);
