/** Why a connection was not let in. A closed set: it labels a metric. */
export type HandshakeFailureCause =
  /** Not TLS at all. */
  | 'plaintext'
  /** No version, cipher, curve or application protocol in common. */
  | 'protocol'
  | 'no_certificate'
  /** Of an authority that is not ours, or with a signature that is not its. */
  | 'unknown_authority'
  | 'expired'
  /** Somebody's clock is wrong, mostly. */
  | 'not_yet_valid'
  /** A certificate that is not for clients, or an authority's own. */
  | 'unsuitable'
  /** No SPIFFE ID, or more than one URI. */
  | 'no_spiffe_id'
  | 'not_allowed'
  | 'timeout'
  /** The peer left before it was done. */
  | 'closed'
  /** Too many handshakes at once. */
  | 'overloaded'
  | 'other';

export interface Refusal {
  readonly cause: HandshakeFailureCause;
  /** For the log. */
  readonly detail: string;
}

/** By the codes of Node and OpenSSL. */
const causes: Readonly<Record<string, HandshakeFailureCause>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'plaintext',
  ERR_SSL_HTTP_REQUEST: 'plaintext',
  ERR_SSL_HTTPS_PROXY_REQUEST: 'plaintext',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'protocol',
  ERR_SSL_NO_SHARED_CIPHER: 'protocol',
  ERR_SSL_NO_SUITABLE_KEY_SHARE: 'protocol',
  ERR_SSL_NO_SUITABLE_GROUPS: 'protocol',
  ERR_SSL_NO_SUITABLE_SIGNATURE_ALGORITHM: 'protocol',
  ERR_SSL_NO_APPLICATION_PROTOCOL: 'protocol',
  UNABLE_TO_GET_ISSUER_CERT: 'unknown_authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'unknown_authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unknown_authority',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'unknown_authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'unknown_authority',
  CERT_SIGNATURE_FAILURE: 'unknown_authority',
  CERT_UNTRUSTED: 'unknown_authority',
  CERT_HAS_EXPIRED: 'expired',
  CERT_NOT_YET_VALID: 'not_yet_valid',
  INVALID_PURPOSE: 'unsuitable',
  INVALID_CA: 'unsuitable',
  PATH_LENGTH_EXCEEDED: 'unsuitable',
  ERR_TLS_HANDSHAKE_TIMEOUT: 'timeout',
  ECONNRESET: 'closed',
  EPIPE: 'closed',
};

/** Of an error before there was anything to verify. */
export function failureOf(fault: Error): Refusal {
  const code = 'code' in fault ? String(fault.code) : '';
  return { cause: causes[code] ?? 'other', detail: fault.message };
}

/** Of what OpenSSL says of a chain: `CERT_HAS_EXPIRED`. */
export function verdictOf(code: string): Refusal {
  return { cause: causes[code] ?? 'other', detail: `the certificate does not hold: ${code}` };
}
