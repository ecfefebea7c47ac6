import type {
  AccessDocument,
  AccessRule,
  AccessService,
  AllowRule,
} from '../../domain/access/access.ts';
import { ambiguousServices } from './services.ts';
import {
  conditions,
  exceptions,
  headers,
  hostName,
  portNumber,
  principalPattern,
  some,
} from './conditions.ts';
import type { Loaded } from '../loaded.ts';
import { method, name, pathPattern } from '../schema/document-values.ts';
import { anyName, mapOf } from '../schema/map-of.ts';
import { readDocument } from '../schema/read-document.ts';
import { readYaml } from '../yaml/read-yaml.ts';
import {
  type Conflict,
  conflictIf,
  defaulted,
  filled,
  type Keys,
  list,
  optional,
  refined,
  required,
  section,
  unique,
  withLine,
} from '../schema/schema.ts';
import { integer, text } from '../schema/values.ts';

/** Ten thousand rules take about two. */
export const maxAccessBytes = 16 * 1024 * 1024;

/** Reads access.yaml. Every problem is found in one go. Never throws. */
export function loadAccess(path: string): Loaded<AccessDocument> {
  const options = { maxFileBytes: maxAccessBytes };
  return readDocument(accessSchema, (problems) => readYaml(path, problems, options));
}

const grpcMethod = text(
  'gRPC method',
  'package.Service/Method, or package.Service/* for all of its methods',
  /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*\/(?:[A-Za-z_]\w*|\*)$/,
);

const tcp = section<NonNullable<AccessRule['tcp']>>({
  ports: required('ports', some(portNumber, 'ports'), 'Of the destination.'),
});

const principals = some(principalPattern, 'principals');

type Written<T> = Omit<T, 'line'>;

const request: Omit<Keys<Written<AccessRule>>, 'from'> = {
  name: required('name', name, 'In headers, records and metrics.'),
  methods: optional('methods', some(method, 'methods'), 'HTTP methods; GET is HEAD too.'),
  paths: optional('paths', some(pathPattern, 'path patterns'), '`{x}` a segment, `**` the rest.'),
  grpc: optional('grpc', some(grpcMethod, 'gRPC methods'), 'Instead of methods and paths.'),
  tcp: optional('tcp', tcp, 'Connections that are not HTTP.'),
  headers: optional('headers', headers, '`"*"`: present; else one of the values.'),
  scopes: optional('scopes', some(text('scope', 'a scope', /^[!-~]+$/), 'scopes'), 'All of them.'),
  when: optional('when', conditions, 'What else must hold: all of it.'),
  unless: optional('unless', exceptions, 'What is left out: any of it.'),
};

const allowRule = withLine(
  section<Written<AllowRule>>(
    {
      ...request,
      from: required('from', principals, 'Who: any of them.'),
      limits: optional('limits', some(name, 'names of limits'), 'Of limits.yaml.'),
    },
    ruleConflicts,
  ),
);

const denyRule = withLine(
  section<Written<AccessRule>>(
    { ...request, from: optional('from', principals, 'Who; absent: everybody.') },
    ruleConflicts,
  ),
);

function ruleConflicts(rule: Written<AccessRule>): readonly Conflict[] {
  const { methods, paths, grpc, tcp: connections, scopes, when, unless } = rule;
  const kinds = [paths, grpc, connections].filter((kind) => kind !== undefined).length;
  const ofHttp = [methods, rule.headers, scopes, when?.hosts, when?.claims];
  const { from: _from, sourceIps: _ips, ports: _ports, ...unlessOfHttp } = unless ?? {};
  return [
    ...conflictIf(
      kinds > 1,
      'name',
      'has more than one of paths, grpc and tcp; make rules of them',
    ),
    ...conflictIf(
      grpc !== undefined && methods !== undefined,
      'methods',
      'is POST for gRPC always',
    ),
    ...conflictIf(
      connections !== undefined &&
        [...ofHttp, ...Object.values(unlessOfHttp)].some((part) => part !== undefined),
      'tcp',
      'has nothing of HTTP: no methods, headers, scopes, hosts and claims; remove those',
    ),
    ...conflictIf(
      (when?.notAfterMs ?? Infinity) <= (when?.notBeforeMs ?? -Infinity),
      'when',
      'ends before it begins, so the rule would never hold',
    ),
  ];
}

const workload = refined(principalPattern, (pattern) =>
  pattern.kind === 'any' || (pattern.kind === 'exact' && !pattern.principal.startsWith('spiffe://'))
    ? 'must be the SPIFFE ID of the workload that is called, or one that ends in /*'
    : undefined,
);

const service = withLine(
  section<Written<AccessService>>(
    {
      name: required('name', name, 'What people call it.'),
      hosts: optional('hosts', some(hostName, 'hosts'), 'By which it is called.'),
      principals: optional('principals', some(workload, 'principals'), 'Of the workload called.'),
      contextExtensions: optional(
        'contextExtensions',
        mapOf(text('text', 'text', /^[^\0]+$/), 'texts', anyName),
        'Of the route; all of them.',
      ),
      deny: defaulted('deny', unique(list(denyRule, 'rules'), 'name'), '', 'Wins over allow.'),
      allow: defaulted('allow', unique(list(allowRule, 'rules'), 'name'), '', 'What may be.'),
    },
    serviceConflicts,
  ),
);

function serviceConflicts(written: Written<AccessService>): readonly Conflict[] {
  const { hosts, principals: known, contextExtensions, deny, allow } = written;
  const denied = new Set(deny.map((rule) => rule.name));
  const twice = allow.find((rule) => denied.has(rule.name));
  const marks = (hosts?.length ?? 0) + (known?.length ?? 0) + (contextExtensions?.size ?? 0);
  return [
    ...conflictIf(
      marks === 0,
      'name',
      'is known by nothing; give it hosts, principals or contextExtensions',
    ),
    ...conflictIf(
      twice !== undefined,
      'deny',
      `has a rule ${twice?.name}, as allow has; rename one`,
    ),
  ];
}

const accessSchema = section<AccessDocument & { version: number }>(
  {
    version: required('version', integer(1, 1), 'The format; always 1.'),
    services: required(
      'services',
      filled(
        unique(list(service, 'services'), 'name'),
        'is empty, so everything would be denied; to mean that, give a service without rules',
      ),
      'What is called.',
    ),
  },
  ({ services }) => ambiguousServices(services),
);
