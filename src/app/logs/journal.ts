import type { JsonObject } from '../../domain/json.ts';

/** Where it is written down what changes what is decided, beside the decisions. */
export interface Journal {
  note(event: string, details: JsonObject): void;
}
