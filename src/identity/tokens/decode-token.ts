import { isJsonObject, type JsonObject, type JsonValue } from '../../domain/json.ts';

/** A JWT (RFC 7519) in its compact form, taken apart. Nothing of it is verified. */
export interface DecodedToken {
  /** As it was sent. */
  readonly text: string;
  readonly header: JsonObject;
  readonly claims: JsonObject;
}

const compactForm = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+$/;

/** Undefined for what is no signed JWT. */
export function decodeToken(text: string): DecodedToken | undefined {
  const [, headerPart, claimsPart] = compactForm.exec(text) ?? [];
  if (headerPart === undefined || claimsPart === undefined) return undefined;
  const header = parsePart(headerPart);
  const claims = parsePart(claimsPart);
  return isJsonObject(header) && isJsonObject(claims) ? { text, header, claims } : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parsePart(part: string): JsonValue | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what JSON.parse gives is JSON
    return JSON.parse(utf8.decode(Buffer.from(part, 'base64url'))) as JsonValue;
  } catch {
    return undefined;
  }
}
