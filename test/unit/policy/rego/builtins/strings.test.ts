import { stringBuiltins } from '../../../../../src/policy/rego/builtins/strings.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('strings', stringBuiltins);
