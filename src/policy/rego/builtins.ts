import type { Builtin, BuiltinTable } from './builtin.ts';
import { awsSigningBuiltins } from './builtins/http/aws-signing.ts';
import { castBuiltins } from './builtins/casts.ts';
import { cidrBuiltins } from './builtins/networks/cidrs.ts';
import { digestBuiltins } from './builtins/digest.ts';
import { encodingBuiltins } from './builtins/encoding.ts';
import { globBuiltins } from './builtins/globs/globs.ts';
import { graphqlBuiltins } from './builtins/graphql/graphql.ts';
import { graphBuiltins } from './builtins/graphs.ts';
import { jsonMarshalBuiltins } from './builtins/json-marshal.ts';
import { jsonPatchBuiltins } from './builtins/json-patch.ts';
import { jsonSchemaBuiltins } from './builtins/json-schema/json-schema.ts';
import { jwtBuiltins } from './builtins/jwt/jwt.ts';
import { numberBuiltins } from './builtins/numbers.ts';
import { objectBuiltins } from './builtins/objects.ts';
import { regexBuiltins } from './builtins/regex/regex.ts';
import { semverBuiltins } from './builtins/semver.ts';
import { sprintfBuiltins } from './builtins/go/sprintf.ts';
import { stringBuiltins } from './builtins/strings.ts';
import { templateBuiltins } from './builtins/templates/templates.ts';
import { timeBuiltins } from './builtins/time/times.ts';
import { traceBuiltins } from './builtins/traces.ts';
import { unitBuiltins } from './builtins/units.ts';
import { uriBuiltins } from './builtins/uris.ts';
import { uuidBuiltins } from './builtins/uuids.ts';
import { x509Builtins } from './builtins/x509/x509.ts';
import { RegoObject } from './value.ts';

/** A policy learns nothing of what runs it: the environment is where secrets are. */
const runtimeBuiltins: BuiltinTable = { 'opa.runtime': () => RegoObject.of([]) };

/** Each family of builtins: a new one is added here, and nowhere else. */
const tables: readonly BuiltinTable[] = [
  awsSigningBuiltins,
  castBuiltins,
  cidrBuiltins,
  digestBuiltins,
  encodingBuiltins,
  globBuiltins,
  graphBuiltins,
  graphqlBuiltins,
  jsonMarshalBuiltins,
  jsonPatchBuiltins,
  jsonSchemaBuiltins,
  jwtBuiltins,
  numberBuiltins,
  objectBuiltins,
  regexBuiltins,
  runtimeBuiltins,
  semverBuiltins,
  sprintfBuiltins,
  stringBuiltins,
  templateBuiltins,
  timeBuiltins,
  traceBuiltins,
  unitBuiltins,
  uriBuiltins,
  uuidBuiltins,
  x509Builtins,
];

/** All builtins that the host has for a module, by their names in Rego. */
export const hostBuiltins: ReadonlyMap<string, Builtin> = new Map(tables.flatMap(Object.entries));
