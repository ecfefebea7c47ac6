import { cidrBuiltins } from '../../../../../src/policy/rego/builtins/networks/cidrs.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('cidrs', cidrBuiltins);
