import type { HttpResponse } from './answer.ts';

interface Kept {
  readonly response: HttpResponse;
  readonly untilMs: number;
  readonly bytes: number;
}

/** What an entry takes beside its body and its key. */
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
    const bytes = response.body.length + key.length * 2 + overheadBytes;
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
