import type { Builtin, BuiltinTable } from './builtin.ts';
import { awsSigningBuiltins } from './builtins/aws-signing.ts';
import { castBuiltins } from './builtins/casts.ts';
import { digestBuiltins } from './builtins/digest.ts';
import { encodingBuiltins } from './builtins/encoding.ts';
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
import { RegoObject } from './value.ts';

/** What a policy may know of what runs it: not the environment, where the secrets are. */
const runtimeBuiltins: BuiltinTable = {
  'opa.runtime': () => RegoObject.of([['env', RegoObject.of([])]]),
};

/** Each family of builtins: a new one is added here, and nowhere else. */
const tables: readonly BuiltinTable[] = [
  awsSigningBuiltins,
  castBuiltins,
  digestBuiltins,
  encodingBuiltins,
  graphBuiltins,
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
];

/** All builtins that the host has for a module, by their names in Rego. */
export const hostBuiltins: ReadonlyMap<string, Builtin> = new Map(tables.flatMap(Object.entries));
