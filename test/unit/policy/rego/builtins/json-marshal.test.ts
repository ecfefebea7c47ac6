import { jsonMarshalBuiltins } from '../../../../../src/policy/rego/builtins/json-marshal.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('json-marshal', jsonMarshalBuiltins);
