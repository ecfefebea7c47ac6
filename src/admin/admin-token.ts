import { createHash, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Too long to be guessed, or found by trying. */
const wellFormed = /^[\x21-\x7e]{16,4096}$/;

/** The token in a file, without the white space around it. Rejects with a sentence. */
export async function readAdminToken(file: string): Promise<string> {
  const token = (await readText(file)).trim();
  if (wellFormed.test(token)) return token;
  throw new Error('does not hold a token: 16 to 4096 visible ASCII characters on one line');
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Error('cannot be read: there is no such file, or no right to read it', {
      cause: error,
    });
  }
}

/**
 * Whether a header `authorization` carries the token (RFC 6750 §2.1). The file is read each time:
 * whoever replaces it has replaced the token.
 */
export async function isAuthorized(
  tokenFile: string,
  authorization: string | undefined,
): Promise<boolean> {
  const token = await readAdminToken(tokenFile);
  const [, presented] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
  return presented !== undefined && timingSafeEqual(digestOf(presented), digestOf(token));
}

/** Of one length, whatever is presented. */
function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
