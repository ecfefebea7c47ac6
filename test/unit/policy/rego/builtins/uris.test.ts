import { uriBuiltins } from '../../../../../src/policy/rego/builtins/uris.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('uris', uriBuiltins);
