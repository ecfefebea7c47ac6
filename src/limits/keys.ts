import { hash } from 'node:crypto';
import type { VerifiedToken } from '../domain/identity/caller.ts';
import type { LimitKeyPart, LimitQuestion } from '../domain/limits/limit.ts';
import { headerOf } from '../domain/request/request.ts';
import { networkOf } from './ip-network.ts';

/** Reads from a request what a limit is counted by. Two requests share it only when every part is the same. */
export type KeyReader = (question: LimitQuestion) => string;

type PartReader = (question: LimitQuestion) => string | undefined;

/** Longer keys are hashed, so that a caller's 64 KiB header is not kept for every one of them. */
const maxKeyLength = 160;

export function compileKey(by: readonly LimitKeyPart[]): KeyReader {
  const parts = by.map((part) => ({ tag: tags[part.kind], read: readerOf(part) }));
  return (question) => {
    let key = '';
    for (const { tag, read } of parts) key += encodePart(tag, read(question));
    return bounded(key);
  };
}

/** A part as the file writes it, without how much of an address counts. */
export function partName(part: LimitKeyPart): string {
  if (part.kind === 'token') return tokenPrefix + part.name;
  return part.kind === 'header' || part.kind === 'contextExtension'
    ? `${part.kind}:${part.name}`
    : part.kind;
}

/** Of the name of a claim: `token.sub`. */
export const tokenPrefix = 'token.';

/** The key that a policy gave. It never equals one that a limit's own `by` makes. */
export function policyKey(key: string): string {
  return bounded(encodePart('k', key));
}

const tags: Readonly<Record<LimitKeyPart['kind'], string>> = {
  caller: 'c',
  service: 's',
  rule: 'r',
  'source.ip': 'i',
  header: 'h',
  contextExtension: 'x',
  token: 't',
};

function readerOf(part: LimitKeyPart): PartReader {
  switch (part.kind) {
    case 'caller':
      return ({ caller }) => caller?.principal;
    case 'service':
      return ({ request }) => request.service;
    case 'rule':
      return ({ rule }) => rule;
    case 'source.ip': {
      const { prefix } = part;
      return prefix === undefined
        ? ({ request }) => request.sourceAddress
        : ({ request }) => networkOf(request.sourceAddress, prefix);
    }
    case 'header': {
      const name = part.name.toLowerCase();
      return ({ request }) => headerOf(request, name);
    }
    case 'contextExtension':
      return ({ request }) => request.attributes.contextExtensions?.[part.name];
    case 'token':
      return ({ caller }) => claimText(caller?.token, part.name);
    default:
      return part satisfies never;
  }
}

/** `https://tokens.example alice`: subjects of two issuers are two. No issuer has a space. */
export function claimText(token: VerifiedToken | undefined, name: string): string | undefined {
  const claim = token?.claims[name];
  if (token === undefined || claim === undefined) return undefined;
  return `${token.issuer} ${typeof claim === 'string' ? claim : JSON.stringify(claim)}`;
}

/** With its length in front, so no value can pass for another part; absent is not empty. */
function encodePart(tag: string, value: string | undefined): string {
  return value === undefined ? `${tag}-` : `${tag}${value.length}:${value}`;
}

/** Lone surrogates are hashed as UTF-16: in UTF-8 they would all become one character. */
function bounded(key: string): string {
  if (key.length <= maxKeyLength && key.isWellFormed()) return key;
  return `#${hash('sha256', Buffer.from(key, 'utf16le'), 'base64url')}`;
}
