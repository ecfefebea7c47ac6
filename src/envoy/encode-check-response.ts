import type {
  AllowResponse,
  CheckResponse,
  DenyResponse,
  HeaderMutation,
} from './check-response.ts';
import { writeStruct } from './encode-struct.ts';
import { WireWriter } from './wire-writer.ts';

/** Encodes `envoy.service.auth.v3.CheckResponse`. The fields are written last to first. */
export function encodeCheckResponse(response: CheckResponse): Uint8Array {
  writer.reset();
  const beforeMetadata = writer.written();
  writeStruct(writer, response.metadata);
  writer.close(4, beforeMetadata);
  if (response.outcome === 'allow') writeAllow(response);
  else writeDeny(response);
  return writer.finish();
}

/** One for all: encoding begins and ends within one call. */
const writer = new WireWriter();

function writeAllow(response: AllowResponse): void {
  const before = writer.written();
  writeNames(8, response.queryParametersToRemove);
  for (const { key, value } of response.queryParametersToSet.toReversed()) {
    const beforeParameter = writer.written();
    writer.string(2, value);
    writer.string(1, key);
    writer.close(7, beforeParameter);
  }
  writeHeaders(6, response.responseHeaders);
  writeNames(5, response.requestHeadersToRemove);
  writeHeaders(2, response.requestHeaders);
  writer.close(3, before);
  writer.encoded(statusOk);
}

/** `status` with code 0, said and not left out. */
const statusOk = Uint8Array.of(0x0a, 0x02, 0x08, 0x00);

/** google.rpc.Code UNKNOWN. */
const unknownCode = 2;

function writeDeny(response: DenyResponse): void {
  const before = writer.written();
  writer.string(3, response.body);
  writeHeaders(2, response.headers);
  const beforeStatus = writer.written();
  writer.uint32(1, response.httpStatus);
  writer.close(1, beforeStatus);
  writer.close(2, before);

  const beforeCode = writer.written();
  writer.string(2, response.reason);
  // Not reachable by the types; a code that is missing or 0 would be an allow.
  writer.uint32(1, response.code > 0 ? response.code : unknownCode);
  writer.close(1, beforeCode);
}

/**
 * Both forms of the instruction are always said: Envoys up to 1.36 read only `append`, and 1.37.0
 * took a missing `append_action` for "append" (envoy issues 42857, 43310).
 */
const overwrite = Uint8Array.of(0x12, 0x00, 0x18, 0x02);
const append = Uint8Array.of(0x12, 0x02, 0x08, 0x01, 0x18, 0x00);

function writeHeaders(field: number, headers: readonly HeaderMutation[]): void {
  for (let at = headers.length - 1; at >= 0; at -= 1) {
    const header = headers[at];
    if (header !== undefined) writeHeader(field, header);
  }
}

function writeHeader(field: number, header: HeaderMutation): void {
  const before = writer.written();
  writer.encoded(header.append === true ? append : overwrite);
  const beforeHeader = writer.written();
  writer.string(2, header.value);
  writer.name(1, header.name);
  writer.close(1, beforeHeader);
  writer.close(field, before);
}

function writeNames(field: number, names: readonly string[]): void {
  for (const name of names.toReversed()) writer.name(field, name);
}
