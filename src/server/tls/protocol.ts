import { constants } from 'node:crypto';
import type { SecureContextOptions } from 'node:tls';

/** Forward secrecy and authenticated encryption only (RFC 9325 §4.2); those of TLS 1.3 first. */
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/**
 * How Sallyport speaks TLS. A session is never resumed: a resumed one is not verified again, and
 * could outlive the authority or the list that let it in. So there are no tickets that carry
 * their own state, and those of TLS 1.3 that name a kept session name none that is kept.
 */
export const protocolOptions = {
  minVersion: 'TLSv1.2',
  ciphers,
  ecdhCurve: 'X25519MLKEM768:X25519:P-256:P-384',
  secureOptions:
    constants.SSL_OP_NO_TICKET |
    constants.SSL_OP_NO_RENEGOTIATION |
    constants.SSL_OP_NO_COMPRESSION,
} as const satisfies SecureContextOptions;
