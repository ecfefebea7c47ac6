import { unitBuiltins } from '../../../../../src/policy/rego/builtins/units.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('units', unitBuiltins);
