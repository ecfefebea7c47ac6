import type { Clock } from '../domain/clock.ts';

export type LogLevel = 'info' | 'warn' | 'error';
export type LogValue = string | number | boolean | readonly string[] | Error | undefined;
export type LogFields = Readonly<Record<string, LogValue>>;

/** What the operator reads: about the server, never about one check. */
export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

export interface LoggerOptions {
  /** Takes one line with its line break. Must not throw. */
  readonly write: (line: string) => void;
  readonly clock: Clock;
  /** For a person at a terminal rather than for a program. Default false. */
  readonly readable?: boolean;
}

export function createLogger({ write, clock, readable = false }: LoggerOptions): Logger {
  const format = readable ? readableLine : jsonLine;
  const log = (level: LogLevel, message: string, fields: LogFields = {}): void => {
    const time = new Date(clock.nowMs()).toISOString();
    write(`${format(level, time, withoutCredentials(message), printable(fields))}\n`);
  };
  return {
    info: (message, fields) => {
      log('info', message, fields);
    },
    warn: (message, fields) => {
      log('warn', message, fields);
    },
    error: (message, fields) => {
      log('error', message, fields);
    },
  };
}

/** The logger of the process: to stderr, so that stdout is left to decision records. */
export function createStderrLogger(clock: Clock): Logger {
  const { stderr } = process;
  // A closed terminal or log collector must not end the server.
  stderr.on('error', () => {});
  return createLogger({ clock, readable: stderr.isTTY, write: (line) => stderr.write(line) });
}

type PrintableFields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

const secretNamePattern = /authorization|cookie|password|secret|token$/i;
/** `scheme://user:password@`: what a URL in an error message may carry. */
const userInfoPattern = /(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]+@/gi;

/** Nothing secret should come here; this is for what comes by accident. */
function printable(fields: LogFields): PrintableFields {
  const shown: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    shown[name] = secretNamePattern.test(name) ? '***' : printableValue(value);
  }
  return shown;
}

function printableValue(
  value: Exclude<LogValue, undefined>,
): string | number | boolean | readonly string[] {
  if (typeof value === 'number' || typeof value === 'boolean') return value;
  if (typeof value === 'string') return withoutCredentials(value);
  return value instanceof Error
    ? withoutCredentials(messageWithCauses(value))
    : value.map(withoutCredentials);
}

function messageWithCauses(error: Error): string {
  return error.cause instanceof Error
    ? `${error.message}: ${messageWithCauses(error.cause)}`
    : error.message;
}

function withoutCredentials(text: string): string {
  return text.replace(userInfoPattern, '***@');
}

function jsonLine(level: LogLevel, time: string, message: string, fields: PrintableFields): string {
  const own = { level, time, message };
  // First for whoever reads it, and last so that no field takes their place.
  return JSON.stringify({ ...own, ...fields, ...own });
}

function readableLine(
  level: LogLevel,
  time: string,
  message: string,
  fields: PrintableFields,
): string {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${quoted(value)}`);
  const clockTime = time.slice(11, 19);
  return `${clockTime} ${level.padEnd(5)} ${withoutControls(message)}${details.join('')}`;
}

function quoted(value: string | number | boolean | readonly string[]): string {
  const plain = typeof value === 'string' && /^[\w./:@%+,-]+$/.test(value);
  return plain ? value : withoutControls(JSON.stringify(value));
}

/** A terminal obeys escape sequences, and a line break makes a second line that looks like ours. */
function withoutControls(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
