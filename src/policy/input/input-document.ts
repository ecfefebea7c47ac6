import type { Caller, VerifiedToken } from '../../domain/identity/caller.ts';
import { Denial } from '../../domain/decision/decision.ts';
import type { JsonObject } from '../../domain/json.ts';
import type { PolicyQuestion } from '../../domain/decision/policy.ts';
import type { RequestView } from '../../domain/request/request.ts';
import type { SpiffeId } from '../../domain/identity/spiffe-id.ts';
import { attributesDocument } from './attributes-document.ts';
import { type BodyOptions, readBody } from './body/body-reader.ts';
import { parseQuery, unescapePath } from './url-decoding.ts';

export interface InputOptions extends BodyOptions {
  readonly skipRequestBodyParse: boolean;
}

const version: JsonObject = Object.freeze({ ext_authz: 'v3', encoding: 'protojson' });

/**
 * The `input` of a policy: what opa-envoy-plugin gives (its envoyauth/request.go decides what is
 * unclear), and beside it `caller`, absent when nobody was identified, and `request`.
 */
export function inputDocument(
  { request, caller }: PolicyQuestion,
  options: InputOptions,
): JsonObject | Denial {
  const parsedPath = parsePath(request.path);
  const parsedQuery = parseQuery(request.query);
  if (parsedPath === undefined) return new Denial('bad_request', 'the path has a bad escape');
  if (parsedQuery === undefined) {
    return new Denial('bad_request', 'the query has a `;` or a bad escape');
  }
  const body = options.skipRequestBodyParse ? undefined : readBody(request, parsedPath, options);
  if (body instanceof Denial) return body;

  const sourcePrincipal = request.attributes.source?.principal;
  return {
    attributes: attributesDocument(request),
    version,
    parsed_path: parsedPath,
    parsed_query: parsedQuery,
    ...(body && { parsed_body: body.value, truncated_body: body.truncated }),
    ...(sourcePrincipal && { source_principal: sourcePrincipal }),
    ...(caller && { caller: callerDocument(caller) }),
    request: requestDocument(request),
  };
}

/** All leading slashes go, and an encoded slash splits: `//a%2Fb` is `["a", "b"]`. */
function parsePath(path: string): string[] | undefined {
  return unescapePath(path)?.replace(/^\/+/, '').split('/');
}

function callerDocument({ principal, source, spiffe, federated, token, user }: Caller): JsonObject {
  return {
    principal,
    source,
    ...(spiffe && { spiffe: spiffeDocument(spiffe) }),
    ...(federated && { federated }),
    ...(token && { token: tokenDocument(token) }),
    ...(user && { user: tokenDocument(user) }),
  };
}

function spiffeDocument({ uri: _sameAsPrincipal, ...parts }: SpiffeId): JsonObject {
  return parts;
}

function tokenDocument({ keptFromUpstream: _notSaid, ...said }: VerifiedToken): JsonObject {
  return said;
}

/** What has no path must not look like `/`, whose segments are an empty list too. */
function requestDocument(request: RequestView): JsonObject {
  const { kind, method, path, segments, host, service } = request;
  return kind === 'http' ? { method, path, segments, host, service } : { method, host, service };
}
