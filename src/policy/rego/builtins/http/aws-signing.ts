import { createHash, createHmac } from 'node:crypto';
import { BuiltinError, type BuiltinTable } from '../../builtin.ts';
import { compareText, RegoObject, type RegoValue } from '../../value.ts';
import { jsonText } from '../json-text.ts';
import { numberOperand, objectOperand, operandError, operandTypeError } from '../operands.ts';
import { requestOperand } from './request-operand.ts';
import { parseRequestUrl, type RequestUrl } from './request-url.ts';
import { exactInteger } from '../exact-number.ts';

/** providers.aws.sign_req: a request for http.send with the headers of AWS Signature Version 4. */
export const awsSigningBuiltins: BuiltinTable = {
  'providers.aws.sign_req': (_call, request, config, timeNs) =>
    signRequest(objectOperand(request, 1), objectOperand(config, 2), timeNs),
};

function signRequest(request: RegoObject, config: RegoObject, timeNs: RegoValue): RegoValue {
  const credentials = readCredentials(config);
  const time = signingTime(timeNs);
  requestOperand(request);
  const headers = readHeaders(request.get('headers') ?? RegoObject.of([]));
  const { isPayloadSigned } = credentials;
  const signed: SignedRequest = {
    method: text(request, 'method'),
    url: parseRequestUrl(text(request, 'url')),
    contentHash: isPayloadSigned ? sha256(bodyOf(request)) : 'UNSIGNED-PAYLOAD',
  };
  const awsHeaders = headersOfAws(signed, credentials, time);
  const authorization = authorize(signed, credentials, time, [...awsHeaders, ...headers]);
  const all = [...headers, ['Authorization', authorization] as const, ...awsHeaders];
  return RegoObject.of([...request.entries, ['headers', RegoObject.of(all)]]);
}

interface SignedRequest {
  readonly method: string;
  readonly url: RequestUrl;
  readonly contentHash: string;
}

interface Credentials {
  readonly service: string;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly region: string;
  readonly sessionToken: string;
  readonly isPayloadSigned: boolean;
}

type Header = readonly [name: string, value: string];

function readCredentials(config: RegoObject): Credentials {
  const disabled = config.get('disable_payload_signing') ?? false;
  if (typeof disabled !== 'boolean') {
    throw operandError(2, "invalid value for 'disable_payload_signing' in AWS config");
  }
  return {
    service: text(config, 'aws_service'),
    accessKey: text(config, 'aws_access_key'),
    secretKey: text(config, 'aws_secret_access_key'),
    region: text(config, 'aws_region'),
    sessionToken: textOrEmpty(config.get('aws_session_token') ?? ''),
    isPayloadSigned: !disabled,
  };
}

function text(object: RegoObject, name: string): string {
  const value = object.get(name);
  if (typeof value === 'string') return value;
  throw new BuiltinError(`missing or invalid value for parameter ${name}`);
}

/**
 * ISO 8601's basic format, in UTC: `20231114T221320Z`. Of the times before 1970, which no service
 * takes, OPA takes those that are written without an exponent; here all are refused.
 */
function signingTime(timeNs: RegoValue): string {
  const nanoseconds = exactInteger(numberOperand(timeNs, 3));
  if (nanoseconds === undefined || BigInt.asUintN(63, nanoseconds) !== nanoseconds) {
    throw operandError(3, 'could not convert time_ns value into a unix timestamp');
  }
  return new Date(Number(nanoseconds / 1_000_000_000n) * 1000)
    .toISOString()
    .replace('.000', '')
    .replaceAll(/[:-]/g, '');
}

/** OPA takes a value that is no text for an empty one. */
function readHeaders(headers: RegoValue): readonly Header[] {
  if (!(headers instanceof RegoObject)) throw operandTypeError(0, headers, 'object');
  return headers.entries.map(([name, value]) => [textOrEmpty(name), textOrEmpty(value)]);
}

function textOrEmpty(value: RegoValue): string {
  return typeof value === 'string' ? value : '';
}

function bodyOf(request: RegoObject): string {
  const raw = request.get('raw_body');
  if (raw !== undefined) return textOrEmpty(raw);
  const body = request.get('body');
  return body === undefined ? '' : jsonText(body);
}

function headersOfAws(
  { url, contentHash }: SignedRequest,
  { service, sessionToken }: Credentials,
  time: string,
): readonly Header[] {
  const hasContentHash = service === 's3' || service === 'glacier';
  return [
    ['host', url.host],
    ['x-amz-date', time],
    ...(hasContentHash ? [['x-amz-content-sha256', contentHash] as const] : []),
    ...(sessionToken === '' ? [] : [['x-amz-security-token', sessionToken] as const]),
  ];
}

/** What a proxy may change on the way. */
const unsignedHeaders = new Set(['authorization', 'user-agent', 'x-amzn-trace-id']);

/** Of headers of one name the last counts. */
function authorize(
  { method, url, contentHash }: SignedRequest,
  { accessKey, secretKey, region, service }: Credentials,
  time: string,
  headers: readonly Header[],
): string {
  const signed = new Map(headers.map(([name, value]) => [name.toLowerCase(), value] as const));
  for (const name of unsignedHeaders) signed.delete(name);
  const ordered = Array.from(signed).toSorted(([a], [b]) => compareText(a, b));
  const names = ordered.map(([name]) => name).join(';');
  const lines = ordered.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = [method, url.escapedPath, url.rawQuery, lines, names, contentHash].join('\n');

  const date = time.slice(0, 8);
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [date, region, service, 'aws4_request'].reduce(hmac, Buffer.from(`AWS4${secretKey}`));
  const signature = hmac(key, toSign).toString('hex');
  return `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope},SignedHeaders=${names},Signature=${signature}`;
}

function hmac(key: Buffer, message: string): Buffer {
  return createHmac('sha256', key).update(message).digest();
}

function sha256(message: string): string {
  return createHash('sha256').update(message).digest('hex');
}
