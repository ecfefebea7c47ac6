import type { JsonValue } from '../domain/json.ts';

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function plain(status: number, text: string): AdminAnswer {
  return { status, contentType: 'text/plain; charset=utf-8', body: `${text}\n` };
}

export function json(document: JsonValue): AdminAnswer {
  return { status: 200, contentType: 'application/json', body: `${JSON.stringify(document)}\n` };
}
