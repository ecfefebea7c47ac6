import {
  isJsonArray,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parsePlainJson,
} from '../domain/json.ts';

/** Something that holds for every replica for a while. */
export interface Notice {
  readonly id: string;
  readonly content: JsonObject;
  /** Milliseconds since 1970, by the board's clock. */
  readonly postedAtMs: number;
  readonly expiresAtMs: number;
}

export function formatNotices(notices: readonly Notice[]): string {
  return JSON.stringify(notices);
}

/** No text is no notice. @throws {Error} where it is not what {@link formatNotices} writes. */
export function parseNotices(text: string): readonly Notice[] {
  if (text === '') return [];
  const written = parsePlainJson(text);
  const notices = isJsonArray(written) ? written.map(noticeIn) : [undefined];
  const good = notices.filter((notice) => notice !== undefined);
  if (good.length === notices.length) return good;
  throw new Error('what is kept there was not written by Sallyport');
}

function noticeIn(value: JsonValue): Notice | undefined {
  if (!isJsonObject(value)) return undefined;
  const { id, content, postedAtMs, expiresAtMs } = value;
  return typeof id === 'string' &&
    isJsonObject(content) &&
    typeof postedAtMs === 'number' &&
    typeof expiresAtMs === 'number'
    ? { id, content, postedAtMs, expiresAtMs }
    : undefined;
}
