import { objectBuiltins } from '../../../../../src/policy/rego/builtins/objects.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('objects', objectBuiltins);
