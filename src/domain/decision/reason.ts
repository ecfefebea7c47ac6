/**
 * Why a check was answered as it was. The codes are a contract: callers see them in
 * `x-sallyport-reason`, dashboards as a metric label, auditors in the decision record.
 */
export const denialReasons = [
  'policy_denied',
  'no_rule',
  'unauthenticated',
  'token_invalid',
  'token_expired',
  'token_replayed',
  'untrusted_peer',
  'rate_limited',
  'bad_request',
  'ambiguous_path',
  'policy_unavailable',
  'limits_unavailable',
  'deadline_exceeded',
  'overloaded',
  'internal',
] as const;

export type DenialReason = (typeof denialReasons)[number];
export type ReasonCode = 'allowed' | DenialReason;

interface Denied {
  /** What a caller sees, unless the policy chose its own status. */
  readonly httpStatus: number;
  /** One sentence for the caller; says what happened and nothing of the policy's internals. */
  readonly title: string;
  /** RFC 9110 §11.6.1: what a 401 must say. RFC 6750 §3: no code where nothing was shown. */
  readonly challenge?: string;
}

const challenge = 'Bearer realm="sallyport"';
const invalidToken = `${challenge}, error="invalid_token"`;

export const denied: Readonly<Record<DenialReason, Denied>> = {
  policy_denied: { httpStatus: 403, title: 'The policy does not allow this request' },
  no_rule: { httpStatus: 403, title: 'No rule allows this request' },
  unauthenticated: { httpStatus: 401, title: 'The caller is not authenticated', challenge },
  token_invalid: { httpStatus: 401, title: 'The token is not valid', challenge: invalidToken },
  token_expired: { httpStatus: 401, title: 'The token has expired', challenge: invalidToken },
  token_replayed: { httpStatus: 401, title: 'The token was used before', challenge: invalidToken },
  untrusted_peer: { httpStatus: 403, title: 'The calling proxy is not trusted' },
  rate_limited: { httpStatus: 429, title: 'Too many requests' },
  bad_request: { httpStatus: 400, title: 'The request cannot be understood' },
  ambiguous_path: { httpStatus: 400, title: 'The path can be read in more than one way' },
  policy_unavailable: { httpStatus: 503, title: 'The policy could not be evaluated' },
  limits_unavailable: { httpStatus: 503, title: 'The rate limits could not be checked' },
  deadline_exceeded: { httpStatus: 503, title: 'The check was not decided in time' },
  overloaded: { httpStatus: 503, title: 'Too many checks at once' },
  internal: { httpStatus: 503, title: 'The check failed' },
};
