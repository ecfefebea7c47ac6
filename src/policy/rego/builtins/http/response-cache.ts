import type { HttpResponse } from './answer.ts';

interface Kept {
  readonly response: HttpResponse;
  readonly untilMs: number;
  readonly bytes: number;
}

/** What an entry takes beside its texts. */
const overheadBytes = 1024;

/** Responses that may be given again, the oldest leaving first when they grow too large. */
export class ResponseCache {
  readonly #maxBytes: number;
  readonly #kept = new Map<string, Kept>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(key: string, nowMs: number): HttpResponse | undefined {
    const kept = this.#kept.get(key);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.response;
    this.#delete(key);
    return undefined;
  }

  put(key: string, response: HttpResponse, untilMs: number): void {
    this.#delete(key);
    const bytes = sizeOf(response) + key.length * 2 + overheadBytes;
    if (untilMs <= Date.now() || bytes > this.#maxBytes) return;
    this.#kept.set(key, { response, untilMs, bytes });
    this.#bytes += bytes;
    for (const [oldest] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    this.#bytes -= this.#kept.get(key)?.bytes ?? 0;
    this.#kept.delete(key);
  }
}

/** A server chooses what its headers say, as it does its body. */
function sizeOf({ body, headers }: HttpResponse): number {
  let bytes = body.length;
  for (const [name, values] of headers) {
    for (const value of values) bytes += name.length + value.length;
  }
  return bytes;
}
