import { Denial } from '../../../domain/decision/decision.ts';
import type { JsonValue } from '../../../domain/json.ts';

/** What becomes `parsed_body` and `truncated_body` in the input document. */
export interface ParsedBody {
  readonly value: JsonValue;
  readonly truncated: boolean;
}

/** For a body that is absent, or of a form that nobody here reads. */
export const unreadBody: ParsedBody = Object.freeze({ value: null, truncated: false });

/** For a body that was cut: none of it may be judged as if it were whole. */
export const truncatedBody: ParsedBody = Object.freeze({ value: null, truncated: true });

/** For a body that is not what its content type says. opa-envoy-plugin answers 400, too. */
export function badBody(what: string): Denial {
  return new Denial('bad_request', `the request body is ${what}`);
}

export function tooLargeBody(bytes: number, maxBytes: number): Denial {
  const sizes = `${bytes} bytes, more than the ${maxBytes} of policy.maxBody`;
  return badBody(`too large for the policy to read: ${sizes}`);
}
