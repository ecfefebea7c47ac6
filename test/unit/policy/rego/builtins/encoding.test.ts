import { encodingBuiltins } from '../../../../../src/policy/rego/builtins/encoding.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('encoding', encodingBuiltins);
