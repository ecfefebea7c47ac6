import { awsSigningBuiltins } from '../../../../../src/policy/rego/builtins/aws-signing.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('aws-signing', awsSigningBuiltins);
