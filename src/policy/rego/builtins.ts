import type { Builtin, BuiltinTable } from './builtin.ts';
import { awsSigningBuiltins } from './builtins/aws-signing.ts';
import { castBuiltins } from './builtins/casts.ts';
import { digestBuiltins } from './builtins/digest.ts';
import { encodingBuiltins } from './builtins/encoding.ts';
import { graphqlBuiltins } from './builtins/graphql.ts';
import { graphBuiltins } from './builtins/graphs.ts';
import { jsonMarshalBuiltins } from './builtins/json-marshal.ts';
import { jwtBuiltins } from './builtins/jwt.ts';
import { numberBuiltins } from './builtins/numbers.ts';
import { objectBuiltins } from './builtins/objects.ts';
import { semverBuiltins } from './builtins/semver.ts';
import { sprintfBuiltins } from './builtins/sprintf.ts';
import { stringBuiltins } from './builtins/strings.ts';
import { traceBuiltins } from './builtins/traces.ts';
import { unitBuiltins } from './builtins/units.ts';
import { uuidBuiltins } from './builtins/uuids.ts';
import { x509Builtins } from './builtins/x509.ts';
import { RegoObject } from './value.ts';

/** A policy learns nothing of what runs it: the environment is where secrets are. */
const runtimeBuiltins: BuiltinTable = { 'opa.runtime': () => RegoObject.of([]) };

/** Each family of builtins: a new one is added here, and nowhere else. */
const tables: readonly BuiltinTable[] = [
  awsSigningBuiltins,
  castBuiltins,
  digestBuiltins,
  encodingBuiltins,
  graphBuiltins,
  graphqlBuiltins,
  jsonMarshalBuiltins,
  jwtBuiltins,
  numberBuiltins,
  objectBuiltins,
  runtimeBuiltins,
  semverBuiltins,
  sprintfBuiltins,
  stringBuiltins,
  traceBuiltins,
  unitBuiltins,
  uuidBuiltins,
  x509Builtins,
];

/** All builtins that the host has for a module, by their names in Rego. */
export const hostBuiltins: ReadonlyMap<string, Builtin> = new Map(tables.flatMap(Object.entries));
