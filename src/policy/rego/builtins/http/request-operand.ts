import { jsonText } from '../json-text.ts';
import { objectOperand, operandError } from '../operands.ts';
import type { RegoObject, RegoValue } from '../../value.ts';

const requiredParameters = ['method', 'url'];

/** What http.send knows of a request (OPA v1/topdown/http.go). */
const parameters = new Set<RegoValue>([
  ...requiredParameters,
  'body',
  'enable_redirect',
  'force_json_decode',
  'force_yaml_decode',
  'headers',
  'raw_body',
  'tls_use_system_certs',
  'tls_ca_cert',
  'tls_ca_cert_file',
  'tls_ca_cert_env_variable',
  'tls_client_cert',
  'tls_client_cert_file',
  'tls_client_cert_env_variable',
  'tls_client_key',
  'tls_client_key_file',
  'tls_client_key_env_variable',
  'tls_insecure_skip_verify',
  'tls_server_name',
  'timeout',
  'cache',
  'force_cache',
  'force_cache_duration_seconds',
  'raise_error',
  'caching_mode',
  'max_retry_attempts',
  'cache_ignored_headers',
]);

/** A request of http.send: with a method and a URL, and without parameters that nobody knows. */
export function requestOperand(value: RegoValue): RegoObject {
  const request = objectOperand(value, 1);
  const unknown = request.entries.map(([name]) => name).filter((name) => !parameters.has(name));
  if (unknown.length > 0) {
    throw operandError(
      1,
      `invalid request parameters(s): {${unknown.map((name) => jsonText(name)).join(', ')}}`,
    );
  }
  const missing = requiredParameters.filter((name) => request.get(name) === undefined);
  if (missing.length > 0) {
    throw operandError(
      1,
      `missing required request parameters(s): {${missing.map((name) => jsonText(name)).join(', ')}}`,
    );
  }
  return request;
}
