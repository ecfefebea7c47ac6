import type { Gate } from '../src/check/decide.ts';
import { Denial } from '../src/domain/decision/decision.ts';
import type { RequestView } from '../src/domain/request/request.ts';
import { decodeCheckRequest } from '../src/envoy/decode-check-request.ts';
import { encodeCheckRequest } from './check-request.ts';
import { claimsNow } from './known-token.ts';
import type { Operation } from './operations.ts';

/** What a stranger makes the resolver do with one token, by what is wrong with it. */
export function tokenRefusals({ callers, requests }: Gate): Operation[] {
  const showing = (token: string): RequestView => {
    const message = encodeCheckRequest({ authorization: `Bearer ${token}` });
    const request = requests.read(decodeCheckRequest(message) ?? {});
    if (request instanceof Denial) throw new Error(request.detail);
    return request;
  };
  return forgeries.map(({ name, tokens }) => {
    const shown = tokens().map(showing);
    let turn = 0;
    return {
      name: `caller, a token ${name}`,
      run: () => {
        turn = (turn + 1) % shown.length;
        const request = shown[turn];
        return request && callers.resolve(request, Infinity);
      },
    };
  });
}

const header = { alg: 'ES256', kid: 'bench', typ: 'JWT' };
const stranger = { ...header, kid: 'unknown' };
/** More than are remembered. */
const distinct = 3000;
/** So much JSON is 16 KiB in base64url, with the other claims. */
const jsonLength = 11_500;

const forgeries: readonly { readonly name: string; readonly tokens: () => string[] }[] = [
  { name: 'that is no JWT', tokens: () => ['opaque'] },
  { name: 'with alg none', tokens: () => [forge({ alg: 'none' })] },
  { name: 'of another issuer', tokens: () => [forge(header, { iss: 'https://evil.example' })] },
  { name: 'for another audience', tokens: () => [forge(header, { aud: 'invoices' })] },
  { name: 'with an unknown key', tokens: () => [forge(stranger)] },
  { name: 'of 16 KiB, empty lists', tokens: () => [forge(stranger, { pad: emptyLists() })] },
  { name: 'of 16 KiB, one text', tokens: () => [forge(stranger, { pad: 'x'.repeat(jsonLength) })] },
  {
    name: 'of 16 KiB, scopes',
    tokens: () => [forge(stranger, { scope: 'x '.repeat(jsonLength / 2) })],
  },
  { name: 'with a bad signature, known', tokens: () => [forge(header)] },
  {
    name: 'with a bad signature, verified',
    tokens: () => Array.from({ length: distinct }, (_, jti) => forge(header, { jti })),
  },
];

function emptyLists(): unknown[] {
  return Array.from({ length: jsonLength / 3 }, () => []);
}

function forge(head: object, changed: object = {}): string {
  const parts = [head, { ...claimsNow(), ...changed }];
  const encoded = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  return [...encoded, 'A'.repeat(86)].join('.');
}
