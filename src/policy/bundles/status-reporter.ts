import { STATUS_CODES } from 'node:http';
import type { HttpServerSettings } from '../../domain/bundle-settings.ts';
import type { Clock } from '../../domain/clock.ts';
import { messageOf } from '../../domain/fault-message.ts';
import type { JsonObject } from '../../domain/json.ts';
import { createAuthorization } from './sources/authorization.ts';
import { exchange, type HttpAnswer } from './sources/http-exchange.ts';
import { delayMs, pause } from './sources/poller.ts';
import type { ShownCertificates } from './sources/shown-certificates.ts';
import { SourceError } from './sources/source.ts';

/** Tells a server how the bundles fare: OPA's status API. */
export interface StatusReporter {
  /** There is something new to tell. Returns at once and never throws. */
  changed(): void;
  /** Of its last answer. */
  certificates(): ShownCertificates;
  /** Ends what is under way, and waits until it has. */
  stop(): Promise<void>;
}

export interface StatusReporterOptions {
  readonly clock: Clock;
  /** What is told: read when it is sent, so only the newest is. */
  readonly read: () => JsonObject;
  /** What came of one attempt; undefined: the server took it. */
  readonly onAttempt: (fault: string | undefined) => void;
  readonly random?: () => number;
}

/** Some nine minutes, with a minute between the last ones; the next change begins anew. */
const maxAttempts = 20;
const retries = { minDelayMs: 100, maxDelayMs: 60_000 };
/** The answer says nothing but its status. */
const maxAnswerBytes = 64 * 1024;

/** One request at a time: what changes meanwhile is told together, by the next one. */
export function createStatusReporter(
  settings: HttpServerSettings,
  { clock, read, onAttempt, random = Math.random }: StatusReporterOptions,
): StatusReporter {
  const stopping = new AbortController();
  const { signal } = stopping;
  let certificates: ShownCertificates = {};
  const onAnswer = (answer: HttpAnswer): void => {
    ({ certificates } = answer);
  };
  const send = createSender(settings, { clock, read, signal, onAnswer });
  let attemptsLeft = 0;
  let running: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    for (let failures = 0; attemptsLeft > 0 && !signal.aborted;) {
      const forThis = attemptsLeft - 1;
      // What changes from here on is not in what is sent, and asks for attempts of its own.
      attemptsLeft = 0;
      const fault = await send();
      if (signal.aborted) return;
      onAttempt(fault);
      failures = fault === undefined ? 0 : failures + 1;
      if (fault === undefined) continue;
      attemptsLeft = Math.max(attemptsLeft, forThis);
      await pause(delayMs('failed', failures, retries, random()), signal);
    }
    running = undefined;
  };

  return {
    changed() {
      attemptsLeft = maxAttempts;
      running ??= run();
    },
    certificates: () => certificates,
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface SenderOptions extends Pick<StatusReporterOptions, 'clock' | 'read'> {
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: HttpAnswer) => void;
}

/** Resolves with what went wrong; never rejects. */
function createSender(
  settings: HttpServerSettings,
  { clock, read, signal, onAnswer }: SenderOptions,
) {
  const { url, headers, tls, responseTimeoutMs, downloadTimeoutMs } = settings;
  const authorization = createAuthorization(settings, clock);
  const post = async (): Promise<void> => {
    const header = await authorization.header(signal);
    const answer = await exchange({
      url: new URL(url),
      method: 'POST',
      headers: {
        'user-agent': 'sallyport',
        ...headers,
        'content-type': 'application/json',
        ...(header !== undefined && { authorization: header }),
      },
      body: JSON.stringify(read()),
      tls,
      responseTimeoutMs,
      downloadTimeoutMs,
      maxBytes: maxAnswerBytes,
      signal,
    });
    onAnswer(answer);
    const { status } = answer;
    if (status === 401) authorization.refused();
    if (status >= 200 && status < 300) return;
    const meaning = STATUS_CODES[status] ?? 'an unknown status';
    throw new SourceError(`the server answered ${status}, ${meaning}`, { httpCode: status });
  };
  return async (): Promise<string | undefined> => {
    try {
      await post();
      return undefined;
    } catch (error) {
      return messageOf(error);
    }
  };
}
