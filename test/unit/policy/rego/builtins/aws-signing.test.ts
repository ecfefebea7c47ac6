import { awsSigningBuiltins } from '../../../../../src/policy/rego/builtins/http/aws-signing.ts';
import { testAgainstOracle } from './oracle.ts';

testAgainstOracle('aws-signing', awsSigningBuiltins);
