import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';

/** A token issuer as small as can be: it gives anybody on this machine whatever token is asked for. */
export function createTokenIssuer(issuer: string): Server {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'shop', use: 'sig' }];
  const signed = (claims: object): string => {
    const text = [{ alg: 'ES256', kid: 'shop', typ: 'JWT' }, claims].map(encoded).join('.');
    const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
  };
  return createServer(({ url = '/' }, response) => {
    const { pathname, searchParams } = new URL(url, issuer);
    if (pathname === '/jwks') return response.end(JSON.stringify({ keys }));
    const now = Math.floor(Date.now() / 1000);
    const asked = Object.fromEntries(searchParams);
    return response.end(signed({ iss: issuer, aud: 'shop', iat: now, exp: now + 120, ...asked }));
  });
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
