import { isJsonArray, isJsonObject, type JsonValue } from '../../domain/json.ts';
import { printable } from '../../domain/printable.ts';
import type { CheckResponse, HeaderValueOption } from '../../server/check-client.ts';
import { table } from '../command.ts';

/** A CheckResponse as Envoy will act on it, by the names that people know. Unknown: undefined. */
export interface CheckReport {
  readonly outcome: 'allow' | 'deny';
  readonly reason: string;
  /** What the caller sees; 200 stands for whatever the upstream answers. */
  readonly httpStatus: number;
  readonly decisionId: string | undefined;
  readonly caller: string | undefined;
  readonly policy: string | undefined;
  readonly rule: string | undefined;
  readonly limits: readonly string[];
  readonly toUpstream: readonly string[];
  readonly removed: readonly string[];
  readonly toCaller: readonly string[];
  readonly body: string | undefined;
}

/** Envoy reads no status and status 0 as OK, and a denial without an HTTP status as 403. */
export function reportOf(response: CheckResponse): CheckReport {
  const { okResponse, deniedResponse, dynamicMetadata: metadata = {} } = response;
  const allowed = (response.status?.code ?? 0) === 0;
  const toCaller = headerLines(
    allowed ? okResponse?.responseHeadersToAdd : deniedResponse?.headers,
  );
  const toUpstream = headerLines(allowed ? okResponse?.headers : undefined);
  return {
    outcome: allowed ? 'allow' : 'deny',
    reason: textOf(metadata['reason']) ?? (allowed ? 'allowed' : 'unknown'),
    httpStatus: allowed ? 200 : deniedResponse?.status?.code || 403,
    decisionId: textOf(metadata['decision_id']),
    caller: textOf(metadata['caller']),
    policy: textOf(metadata['policy']),
    rule: textOf(metadata['rule']),
    limits: limitLines(metadata['limits']),
    toUpstream,
    removed: (allowed ? okResponse?.headersToRemove : undefined) ?? [],
    toCaller,
    body: allowed ? undefined : deniedResponse?.body,
  };
}

/** By lower-case name: those that the upstream gets, or of a denial those that the caller gets. */
export function headersOf({
  okResponse,
  deniedResponse,
}: CheckResponse): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const { header } of okResponse?.headers ?? deniedResponse?.headers ?? []) {
    const name = (header?.key ?? '').toLowerCase();
    const before = headers.get(name);
    const value = header?.value ?? '';
    headers.set(name, before === undefined ? value : `${before},${value}`);
  }
  return headers;
}

/** Of all limits that it took part in. */
export function limitNamesOf({ dynamicMetadata }: CheckResponse): readonly string[] {
  const limits = dynamicMetadata?.['limits'];
  return isJsonArray(limits)
    ? limits.flatMap((limit) => (isJsonObject(limit) ? (textOf(limit['name']) ?? []) : []))
    : [];
}

/** For a terminal: aligned, and only what is there. */
export function formatReport(report: CheckReport): string {
  const rows = [
    ['reason', report.reason],
    ['status', report.outcome === 'allow' ? 'the upstream answers' : `HTTP ${report.httpStatus}`],
    ['caller', report.caller ?? 'nobody'],
    ...row('policy', report.policy),
    ...row('rule', report.rule),
    ...rowsOf('limits', report.limits),
    ...rowsOf('to upstream', report.toUpstream),
    ...rowsOf('removed', report.removed.length === 0 ? [] : [report.removed.join(', ')]),
    ...rowsOf('to caller', report.toCaller),
    ...row('body', report.body),
    ...row('decision', report.decisionId),
  ] as const;
  return `${report.outcome.toUpperCase()}\n${table(rows.map(([name, text]) => [name, printable(text)]))}\n`;
}

/** One line, for `--repeat`. */
export function formatLine(index: number, report: CheckReport): string {
  const status = report.outcome === 'allow' ? '' : ` (HTTP ${report.httpStatus})`;
  const limits = report.limits.length === 0 ? '' : `  ${report.limits.join('; ')}`;
  return printable(
    `${String(index).padStart(4)}  ${report.outcome.padEnd(5)}  ${report.reason}${status}${limits}`,
  );
}

type Row = readonly [name: string, text: string];

function row(name: string, text: string | undefined): readonly Row[] {
  return text === undefined ? [] : [[name, text]];
}

function rowsOf(name: string, lines: readonly string[]): readonly Row[] {
  return lines.map((line, index) => [index === 0 ? name : '', line]);
}

function headerLines(options: readonly HeaderValueOption[] = []): string[] {
  return options.map(({ header }) => `${header?.key ?? ''}: ${header?.value ?? ''}`);
}

function limitLines(limits: JsonValue | undefined): string[] {
  return Array.isArray(limits) ? limits.map(limitLine) : [];
}

function limitLine(limit: JsonValue): string {
  if (!isJsonObject(limit)) return JSON.stringify(limit);
  const [name, result, remaining] = [limit['name'], limit['result'], limit['remaining']].map(
    textOf,
  );
  const shadow = limit['mode'] === 'shadow' ? ' (shadow)' : '';
  return `${name ?? '?'}: ${result ?? '?'}, ${remaining ?? '?'} left${shadow}`;
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}
