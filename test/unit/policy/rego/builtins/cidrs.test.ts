import { cidrBuiltins } from '../../../../../src/policy/rego/builtins/cidrs.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('cidrs', cidrBuiltins);
