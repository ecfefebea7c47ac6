import {
  BuiltinError,
  BuiltinSuspension,
  type BuiltinCall,
  type BuiltinTable,
} from '../../builtin.ts';
import { isArray, RegoObject, RegoSet, type RegoValue } from '../../value.ts';
import { allowsHost, type AllowedHosts } from './allowed-hosts.ts';
import { failureAnswer, failureMessage } from './answer.ts';
import { withBody } from './body.ts';
import { readHttpRequest } from './request.ts';
import { jsonText } from '../json-text.ts';
import { objectOperand, stringOperand } from '../operands.ts';
import type { YamlCodec } from '../yaml/yaml.ts';

/** Whichever hosts are allowed. */
export const outsideBuiltinNames: ReadonlySet<string> = new Set([
  'http.send',
  'net.lookup_ip_addr',
]);

/**
 * http.send and net.lookup_ip_addr, for the hosts that the configuration allows. What is not
 * remembered yet suspends the evaluation; what failed is remembered too, so that one evaluation
 * sees one world.
 */
export function outsideBuiltins(allowed: AllowedHosts, codec: YamlCodec): BuiltinTable {
  return {
    'http.send': (call, request) => send(call, objectOperand(request, 1), allowed, codec),
    'net.lookup_ip_addr': (call, name) => lookUp(call, stringOperand(name, 1), allowed),
  };
}

function send(
  call: BuiltinCall,
  request: RegoObject,
  allowed: AllowedHosts,
  codec: YamlCodec,
): RegoValue {
  const raisesErrors = request.get('raise_error') ?? true;
  if (typeof raisesErrors !== 'boolean')
    throw new BuiltinError('invalid value for raise_error field');
  try {
    const read = readHttpRequest(request);
    const { hostname } = read.url;
    if (!allowsHost(allowed, read.url)) throw new BuiltinError(`disallowed host: ${hostname}`);
    const answer = answerTo(call, `http.send ${jsonText(cacheKey(request))}`, {
      kind: 'http',
      request,
    });
    const failure = raisesErrors ? failureMessage(answer) : undefined;
    if (failure !== undefined) throw new BuiltinError(failure);
    return answer instanceof RegoObject ? withBody(answer, read, codec, call.spend) : answer;
  } catch (error) {
    if (raisesErrors || !(error instanceof BuiltinError)) throw error;
    return failureAnswer('eval_http_send_internal_error', `http.send: ${error.message}`);
  }
}

/** Requests that differ only in headers that do not matter are one. */
function cacheKey(request: RegoObject): RegoObject {
  const ignored = request.get('cache_ignored_headers');
  const headers = request.get('headers');
  const withoutList = [...request.entries, ['cache_ignored_headers', null] as const];
  if (ignored === undefined || !(headers instanceof RegoObject)) return RegoObject.of(withoutList);
  if (!isArray(ignored) || !ignored.every((name) => typeof name === 'string')) {
    throw new BuiltinError('cache_ignored_headers must be an array of strings');
  }
  const dropped = new Set<RegoValue>(ignored);
  const kept = headers.entries.filter(([name]) => !dropped.has(name));
  return RegoObject.of([...withoutList, ['headers', RegoObject.of(kept)]]);
}

function lookUp(call: BuiltinCall, name: string, allowed: AllowedHosts): RegoValue {
  if (!allowed.names.has(name.toLowerCase())) throw new BuiltinError(`disallowed host: ${name}`);
  const answer = answerTo(call, `net.lookup_ip_addr ${name}`, { kind: 'lookup', name });
  if (answer instanceof RegoSet) return answer;
  throw new BuiltinError(`lookup ${name}: no such host`);
}

function answerTo(
  { remembered }: BuiltinCall,
  key: string,
  question: BuiltinSuspension['question'],
): RegoValue {
  const answer = remembered.get(key);
  if (answer === undefined) throw new BuiltinSuspension(key, question);
  return answer;
}
