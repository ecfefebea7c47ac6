import type { JsonValue } from '../domain/json.ts';
import { type AdminAnswer, json, plain } from './answers.ts';

/** What came of something that an operator asked for. */
export type HandOutcome<T> =
  | { readonly outcome: 'done'; readonly value: T }
  /** It is about something that there is not. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** What was asked cannot be meant so. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The store does not answer. */
  | { readonly outcome: 'unavailable'; readonly reason: string };

const statusOf = { unknown: 404, refused: 400, unavailable: 503 } as const;

export function answerOf<T>(
  result: HandOutcome<T>,
  documentOf: (value: T) => JsonValue,
): AdminAnswer {
  return result.outcome === 'done'
    ? json(documentOf(result.value))
    : plain(statusOf[result.outcome], result.reason);
}
