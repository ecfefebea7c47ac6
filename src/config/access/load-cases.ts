import type { JsonValue } from '../../domain/json.ts';
import { grantedCaller, grantedKeys, type GrantOrder } from './grant-order.ts';
import { jsonValue } from '../schema/json-value.ts';
import { instant } from './conditions.ts';
import { method } from '../schema/document-values.ts';
import { anyName, mapOf, type NameForm } from '../schema/map-of.ts';
import type { Loaded } from '../loaded.ts';
import { readDocument } from '../schema/read-document.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { dirname, resolve } from 'node:path';
import {
  type Conflict,
  conflictIf,
  defaulted,
  filled,
  group,
  type Keys,
  list,
  optional,
  required,
  section,
  unique,
  withLine,
} from '../schema/schema.ts';
import { filePath, integer, oneOf, text } from '../schema/values.ts';

/** A request, and what a server with the configuration has to decide. */
export interface DecisionCase {
  readonly name: string;
  readonly line: number;
  /** What is granted while it is asked. */
  readonly grants: readonly CaseGrant[];
  readonly request: CaseRequest;
  readonly expect: Expectation;
}

/** As Envoy would say it; what is left out, it would not send. */
export interface CaseRequest {
  /** `tcp`: a connection that is not HTTP. */
  readonly protocol: 'http' | 'tcp';
  /** When it is asked, since 1970; absent: when the test runs. */
  readonly atMs?: number;
  readonly principal?: string;
  readonly token?: CaseToken;
  /** Of the person on whose behalf it is. */
  readonly user?: CaseToken;
  readonly method: string;
  readonly path: string;
  readonly host?: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body?: string;
  readonly context: ReadonlyMap<string, string>;
  readonly sourceIp?: string;
  readonly destination: { readonly principal?: string; readonly port?: number };
  /** Asked so many times; the last answer counts. */
  readonly repeat: number;
}

/** What a token says, as if its issuer had signed it. */
export interface CaseToken {
  readonly issuer: string;
  /** Absent: the principal of the request. */
  readonly subject?: string;
  readonly scopes: readonly string[];
  readonly claims: ReadonlyMap<string, JsonValue>;
}

/** As if it were given, and approved; `from` is the principal of the request if it is absent. */
export type CaseGrant = Pick<GrantOrder, 'to' | 'methods' | 'paths'> & { readonly from?: string };

/** What is left out may be anything. */
export interface Expectation {
  readonly outcome?: 'allow' | 'deny';
  readonly reason?: string;
  readonly rule?: string;
  readonly status?: number;
  readonly caller?: string;
  /** The names of all that it took part in, in any order. */
  readonly limits?: readonly string[];
  /** That the upstream gets; of a denial, that the caller gets. `*`: any value. */
  readonly headers?: ReadonlyMap<string, string>;
}

export interface CaseFile {
  /** The absolute path of sallyport.yaml, if the file names one. */
  readonly config?: string;
  readonly cases: readonly DecisionCase[];
}

/** Reads decision cases. Every problem is found in one go. Never throws. */
export function loadCases(path: string): Loaded<CaseFile> {
  const directory = dirname(resolve(path));
  return readDocument(fileSchema, (problems) => readYaml(path, problems), directory);
}

const line = text('text', 'text in one line', /^[^\r\n\0]+$/);
const value = text('text', 'text', /^[^\0]*$/);

/** Also one that Envoy would not let through. */
const headerName: NameForm = {
  pattern: /^[^\s:]+$/,
  words: 'that of a header, such as x-tenant, without spaces and colons',
};

const token = section<CaseToken>({
  issuer: required('issuer', line, 'One of identity.jwt.'),
  subject: optional('subject', line, 'Absent: the principal.'),
  scopes: defaulted('scopes', list(line, 'scopes'), '', 'That it has.'),
  claims: group('claims', mapOf(jsonValue, 'values', anyName), 'Beside those, or instead.'),
});

const requestKeys: Keys<CaseRequest> = {
  protocol: defaulted('protocol', oneOf(['http', 'tcp']), 'http', 'tcp: what is not HTTP.'),
  atMs: optional('at', instant, 'When it is asked, for tokens and rules.'),
  token: optional('token', token, 'Of the caller, as if it were verified.'),
  user: optional('user', token, 'Of the person on whose behalf it is.'),
  principal: optional('principal', line, 'Who calls: a SPIFFE ID, as Envoy would say it.'),
  method: defaulted('method', method, 'GET', 'The HTTP method.'),
  path: defaulted('path', line, '/', 'The path with its query.'),
  host: optional('host', line, 'The host that is called.'),
  headers: group('headers', mapOf(value, 'texts', headerName), 'Of the request.'),
  body: optional('body', value, 'Of the request.'),
  context: group('context', mapOf(value, 'texts', anyName), 'Extensions of the route.'),
  sourceIp: optional('sourceIp', line, 'Where the request comes from.'),
  destination: group(
    'destination',
    section<CaseRequest['destination']>({
      principal: optional('principal', line, 'Of the workload that is called.'),
      port: optional('port', integer(1, 65_535), 'That is called.'),
    }),
    'What is called.',
  ),
  repeat: defaulted('repeat', integer(1, 10_000), '1', 'Asks so often; the last answer counts.'),
};

const request = section<CaseRequest>(requestKeys, (asked) =>
  (['token', 'user'] as const).flatMap((key) => tokenConflicts(key, asked)),
);

function tokenConflicts(
  key: 'token' | 'user',
  { [key]: given, principal, protocol }: CaseRequest,
): readonly Conflict[] {
  return [
    ...conflictIf(
      given !== undefined && (given.subject ?? principal) === undefined,
      key,
      'names nobody; give it a subject',
    ),
    ...conflictIf(
      given !== undefined && protocol === 'tcp',
      key,
      'comes in a header, which a TCP connection has not; remove it',
    ),
  ];
}

const expectation = section<Expectation>(
  {
    outcome: optional('outcome', oneOf(['allow', 'deny']), 'What Envoy does.'),
    reason: optional('reason', line, 'A reason code: no_rule.'),
    rule: optional('rule', line, 'The rule that decides.'),
    status: optional('status', integer(200, 599), 'What a denied caller sees.'),
    caller: optional('caller', line, 'Who it is said to be.'),
    limits: optional('limits', list(line, 'names of limits'), 'That it takes part in: all.'),
    headers: optional(
      'headers',
      mapOf(value, 'texts', headerName),
      'For the upstream, or with a denial.',
    ),
  },
  (expected) =>
    conflictIf(Object.keys(expected).length === 0, 'outcome', 'is missing: nothing is expected'),
);

const grant = section<CaseGrant>({
  from: optional('from', grantedCaller, 'Absent: the principal.'),
  ...grantedKeys,
});

const decisionCase = withLine(
  section<Omit<DecisionCase, 'line'>>(
    {
      name: required('name', line, 'What it shows.'),
      grants: defaulted('grants', list(grant, 'grants'), '', 'What is granted meanwhile.'),
      request: required('request', request, 'What is asked.'),
      expect: required('expect', expectation, 'What has to be decided.'),
    },
    ({ grants, request: { principal } }) =>
      conflictIf(
        principal === undefined && grants.some(({ from }) => from === undefined),
        'grants',
        'are for nobody; give each a from',
      ),
  ),
);

const fileSchema = section<CaseFile & { version: number }>({
  version: required('version', integer(1, 1), 'The format; always 1.'),
  config: optional('config', filePath, 'The configuration that decides.'),
  cases: required(
    'cases',
    filled(unique(list(decisionCase, 'cases'), 'name'), 'is empty, so nothing would be tested'),
    'In their order; limits are counted from the first on.',
  ),
});
