import { isIPv4 } from 'node:net';
import { derTags, malformed, readDer, readDerValues } from './der.ts';

/** The kinds of alternative names that Go reads; it passes others over. */
export interface AlternativeNames {
  readonly dns: readonly string[];
  readonly emails: readonly string[];
  readonly ips: readonly Buffer[];
  readonly uris: readonly string[];
}

export function alternativeNames(value: Buffer): AlternativeNames {
  const names = readDerValues(readDer(value, derTags.sequence).content);
  const contents = (wanted: number) =>
    names.filter(({ tag }) => tag === wanted).map(({ content }) => content);
  const ips = contents(0x87);
  if (ips.some(({ length }) => length !== 4 && length !== 16))
    throw malformed('an IP address is none');
  return {
    emails: contents(0x81).map(asciiText),
    dns: contents(0x82).map(asciiText),
    uris: contents(0x86).map(asciiText),
    ips,
  };
}

function asciiText(content: Buffer): string {
  if (content.some((octet) => octet >= 0x80)) throw malformed('a name is no ASCII');
  return content.toString('latin1');
}

/** An address as Go writes it: IPv4 within IPv6 as IPv4, of zeros the longest run left out. */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(at * 2).toString(16));
  const text = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  if (!text.startsWith('::ffff:')) return text;
  const mapped = bytes.subarray(12).join('.');
  return isIPv4(mapped) ? mapped : text;
}
