import type { PrincipalPattern } from '../identity/principal-pattern.ts';

/** access.yaml, checked: who may call what. What no rule allows is denied. */
export interface AccessDocument {
  readonly services: readonly AccessService[];
}

/** What is called. A request is for it when, of each kind of mark that is given here, one fits it. */
export interface AccessService {
  readonly name: string;
  /** Where it stands in its file. */
  readonly line: number;
  /** Normalised: lower-case, without port. */
  readonly hosts?: readonly string[];
  /** Of the destination, as Envoy's own certificate says it. */
  readonly principals?: readonly PrincipalPattern[];
  /** All of them must be there: only Envoy's operator can set them. */
  readonly contextExtensions?: ReadonlyMap<string, string>;
  /** What one of these matches is denied, whatever is allowed. */
  readonly deny: readonly AccessRule[];
  readonly allow: readonly AllowRule[];
}

/** Whether it has TCP rules and can be told by a TCP connection, which names no host. */
export function takesConnections({
  principals,
  contextExtensions,
  allow,
}: Pick<AccessService, 'principals' | 'contextExtensions' | 'allow'>): boolean {
  return (
    (principals !== undefined || contextExtensions !== undefined) &&
    allow.some(({ tcp }) => tcp !== undefined)
  );
}

/** Every part that is present must match. */
export interface AccessRule {
  /** Of no other rule of its service. */
  readonly name: string;
  readonly line: number;
  /** Absent: whoever is known. */
  readonly from?: readonly PrincipalPattern[];
  /** GET is HEAD too. Absent: all but CONNECT. */
  readonly methods?: readonly string[];
  /** At most one of paths, grpc and tcp; none: every path, and no TCP connection. */
  readonly paths?: readonly string[];
  /** `shop.Orders/Get`, or `shop.Orders/*`. */
  readonly grpc?: readonly string[];
  readonly tcp?: { readonly ports: readonly number[] };
  /** By lower-case name. Of several values of a header, each must be among the listed. */
  readonly headers?: ReadonlyMap<string, Values>;
  /** All of them, in the caller's token. */
  readonly scopes?: readonly string[];
  readonly when?: AccessConditions;
  /** The rule does not match a request that fits one of these. */
  readonly unless?: AccessExceptions;
}

export interface AllowRule extends AccessRule {
  readonly from: readonly PrincipalPattern[];
  /** Limits that a request takes part in by this rule, beside those that match by themselves. */
  readonly limits?: readonly string[];
}

/** `present`: there, and not empty. */
export type Values = 'present' | readonly ClaimValue[];
export type ClaimValue = string | number | boolean;

/** What a rule asks of a request beside who, what and where. */
export interface AccessConditions extends RequestMarks {
  readonly notBeforeMs?: number;
  readonly notAfterMs?: number;
  /** One of them must be open. */
  readonly times?: readonly TimeWindow[];
}

/** What both `when` and `unless` of a rule may name. A list fits when one of its values does. */
export interface RequestMarks {
  /** CIDR blocks, of the connection's other end. */
  readonly sourceIps?: readonly string[];
  /** Of the destination. */
  readonly ports?: readonly number[];
  readonly hosts?: readonly string[];
  /** Of the caller's token; a list in the token has one of the values. */
  readonly claims?: ReadonlyMap<string, Values>;
}

export interface AccessExceptions extends RequestMarks {
  readonly from?: readonly PrincipalPattern[];
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
  readonly headers?: ReadonlyMap<string, Values>;
}

/** On some days of the week, from one minute of the day up to another; over midnight if it is earlier. */
export interface TimeWindow {
  readonly days: readonly Weekday[];
  readonly fromMinute: number;
  readonly toMinute: number;
  /** A name of the IANA database. */
  readonly timeZone: string;
}

export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof weekdays)[number];
