import { semverBuiltins } from '../../../../../src/policy/rego/builtins/semver.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('semver', semverBuiltins);
