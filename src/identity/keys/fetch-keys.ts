import { readFileSync } from 'node:fs';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { TLSSocket } from 'node:tls';
import { type CertificateFacts, factsOf } from '../../domain/identity/certificate-facts.ts';
import { peerCertificateOf } from '../../domain/identity/peer-certificate.ts';
import type { KeyServerSettings } from '../../domain/identity/token-settings.ts';

const defaultTimeoutMs = 5000;
const maxBytes = 512 * 1024;

/** An issuer's key set, as its server sent it. */
export interface FetchedKeys {
  readonly text: string;
  /** Of the server; undefined without TLS. */
  readonly certificate?: CertificateFacts;
}

/** Rejects with a sentence; never follows a redirect. */
export async function fetchKeys(
  { url, ca }: KeyServerSettings,
  timeoutMs = defaultTimeoutMs,
): Promise<FetchedKeys> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await open(new URL(url), ca, signal);
    if (response.statusCode === 200) {
      const certificate = certificateOf(response);
      return { text: await readText(response), ...(certificate && { certificate }) };
    }
    response.destroy();
    throw new Error(`the server answered ${response.statusCode}`);
  } catch (error) {
    if (signal.aborted) {
      throw new Error(`the server took longer than ${timeoutMs} ms`, { cause: error });
    }
    throw error;
  }
}

/** On a connection of its own, so that a renewed file of authorities is used at once. */
function open(url: URL, ca: string | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const options = {
    agent: false,
    signal,
    headers: { accept: 'application/jwk-set+json, application/json', 'user-agent': 'sallyport' },
  } as const;
  return new Promise((resolve, reject) => {
    const request =
      url.protocol === 'https:'
        ? httpsRequest(url, {
            ...options,
            minVersion: 'TLSv1.2',
            ...(ca !== undefined && { ca: readFileSync(ca) }),
          })
        : httpRequest(url, options);
    request.once('response', resolve).on('error', reject);
    // So ends what switches protocols (101), and no error says so.
    request.once('close', () => reject(new Error('the server gave no answer')));
    request.end();
  });
}

function certificateOf({ socket }: IncomingMessage): CertificateFacts | undefined {
  const certificate = socket instanceof TLSSocket ? peerCertificateOf(socket) : undefined;
  return certificate && factsOf(certificate);
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    if (!(chunk instanceof Buffer)) continue;
    length += chunk.length;
    if (length > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}
