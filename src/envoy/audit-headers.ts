import type { CompletedCheck } from '../check/check.ts';
import type { HeaderField } from '../domain/decision/decision.ts';
import { headersUnder } from '../domain/request/header.ts';

/** The headers in which Sallyport says what it decided: what is set, and what must not get past. */
export interface AuditHeaders {
  readonly decisionId: string;
  readonly reason: string;
  /** True of every name under the prefix, in any spelling: nobody else may write them. */
  readonly isReserved: (name: string) => boolean;
  /** What the upstream is told of an allowed request; only what is known. */
  forUpstream(completed: CompletedCheck): HeaderField[];
  /**
   * What of the request must go: everything a client sent under the prefix, and our own names that
   * are not set, since Envoy may have been told not to show us the client's. Never one that is
   * set: Envoys up to 1.36 remove after they set.
   */
  toRemove(clientHeaders: Readonly<Record<string, string>>, set: readonly HeaderField[]): string[];
}

export function createAuditHeaders(headerPrefix: string): AuditHeaders {
  const prefix = headerPrefix.toLowerCase();
  const names = {
    decisionId: `${prefix}decision-id`,
    caller: `${prefix}caller`,
    callerSource: `${prefix}caller-source`,
    policy: `${prefix}policy`,
    rule: `${prefix}rule`,
    reason: `${prefix}reason`,
  };
  const all = Object.values(names);
  const isReserved = headersUnder(prefix);
  return {
    decisionId: names.decisionId,
    reason: names.reason,
    isReserved,
    forUpstream: ({ check, policy }) => {
      const fields = [{ name: names.decisionId, value: check.id }];
      if (check.caller !== undefined) {
        add(fields, names.caller, check.caller.principal);
        add(fields, names.callerSource, check.caller.source);
      }
      add(fields, names.policy, policy.revision);
      add(fields, names.rule, check.verdict?.rule);
      return fields;
    },
    toRemove: (clientHeaders, set) => {
      const isSet = (name: string): boolean => set.some((field) => field.name === name);
      const remove = all.filter((name) => !isSet(name));
      for (const name in clientHeaders) {
        if (isReserved(name) && !all.includes(name)) remove.push(name);
      }
      return remove;
    },
  };
}

function add(fields: HeaderField[], name: string, value: string | undefined): void {
  if (value !== undefined && value !== '') fields.push({ name, value: safeValue(value) });
}

const maxValueLength = 1024;
const plainValue = /^[\x20-\x7e]{1,1024}$/;

/** Names come from policies and certificates: what is not printable ASCII is percent-encoded. */
function safeValue(value: string): string {
  if (plainValue.test(value)) return value;
  return value
    .toWellFormed()
    .replaceAll(/[^\x20-\x7e]/gu, encodeURIComponent)
    .slice(0, maxValueLength);
}
