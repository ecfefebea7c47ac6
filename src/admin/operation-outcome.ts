import type { JsonValue } from '../domain/json.ts';
import { type AdminAnswer, json, plain } from './answers.ts';

/** What came of what an operator asked for. */
export type OperationOutcome<T> =
  | { readonly outcome: 'done'; readonly value: T }
  /** It names something that does not exist. */
  | { readonly outcome: 'unknown'; readonly reason: string }
  /** The order makes no sense, or is not allowed. */
  | { readonly outcome: 'refused'; readonly reason: string }
  /** The store did not answer. */
  | { readonly outcome: 'unavailable'; readonly reason: string };

const statusOf = { unknown: 404, refused: 400, unavailable: 503 } as const;

export function answerOf<T>(
  result: OperationOutcome<T>,
  documentOf: (value: T) => JsonValue,
): AdminAnswer {
  return result.outcome === 'done'
    ? json(documentOf(result.value))
    : plain(statusOf[result.outcome], result.reason);
}
