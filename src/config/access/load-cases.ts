import { method } from '../limits/match.ts';
import { anyName, mapOf, type NameForm } from '../schema/map-of.ts';
import { inOrder, type Problem } from '../problem.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import { dirname, resolve } from 'node:path';
import {
  conflictIf,
  defaulted,
  filled,
  group,
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
  readonly request: CaseRequest;
  readonly expect: Expectation;
}

/** As Envoy would say it; what is left out, it would not send. */
export interface CaseRequest {
  readonly principal?: string;
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

/** What is left out may be anything. */
export interface Expectation {
  readonly outcome?: 'allow' | 'deny';
  readonly reason?: string;
  readonly rule?: string;
  readonly status?: number;
}

export interface CaseFile {
  /** The absolute path of sallyport.yaml, if the file names one. */
  readonly config?: string;
  readonly cases: readonly DecisionCase[];
}

export type LoadedCases = CaseFile | { readonly problems: readonly Problem[] };

/** Reads decision cases. Every problem is found in one go. Never throws. */
export function loadCases(path: string): LoadedCases {
  const problems: Problem[] = [];
  const directory = dirname(resolve(path));
  const reading = { problems, directory, unavailable: new Set<string>() };
  const file = fileSchema.read(readYaml(path, problems), '', reading);
  return file === undefined || problems.length > 0 ? { problems: inOrder(problems) } : file;
}

const line = text('text', 'text in one line', /^[^\r\n\0]+$/);
const value = text('text', 'text', /^[^\0]*$/);

/** Also one that Envoy would not let through. */
const headerName: NameForm = {
  pattern: /^[^\s:]+$/,
  words: 'that of a header, such as x-tenant, without spaces and colons',
};

const request = section<CaseRequest>({
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
});

const expectation = section<Expectation>(
  {
    outcome: optional('outcome', oneOf(['allow', 'deny']), 'What Envoy does.'),
    reason: optional('reason', line, 'A reason code: no_rule.'),
    rule: optional('rule', line, 'The rule that decides.'),
    status: optional('status', integer(200, 599), 'What a denied caller sees.'),
  },
  (expected) =>
    conflictIf(Object.keys(expected).length === 0, 'outcome', 'is missing: nothing is expected'),
);

const decisionCase = withLine(
  section<Omit<DecisionCase, 'line'>>({
    name: required('name', line, 'What it shows.'),
    request: required('request', request, 'What is asked.'),
    expect: required('expect', expectation, 'What has to be decided.'),
  }),
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
