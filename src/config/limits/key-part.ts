import type { LimitKeyPart } from '../../domain/limits/limit.ts';
import { leaf } from '../schema/leaf.ts';

const plainKinds = ['caller', 'service', 'rule', 'source.ip'] as const;

/** What a limit counts separately, as it is written in `by`. */
export const keyPart = leaf({
  type: 'key part',
  expected: `one of ${plainKinds.join(', ')}, source.ip/24, source.ip/24/64, token.CLAIM, header:NAME, contextExtension:NAME`,
  yamlType: 'string',
  parse: parseKeyPart,
});

function parseKeyPart(value: string): LimitKeyPart | undefined {
  const kind = plainKinds.find((plain) => plain === value);
  if (kind !== undefined) return { kind };
  if (value.startsWith('source.ip/')) return parseNetworkPart(value);
  const [, header, extension, claim] = namedPart.exec(value) ?? [];
  if (header !== undefined) return { kind: 'header', name: header.toLowerCase() };
  if (claim !== undefined) return { kind: 'token', name: claim };
  return extension === undefined ? undefined : { kind: 'contextExtension', name: extension };
}

const namedPart =
  /^(?:header:([!#$%&'*+.^_`|~\w-]{1,256})|contextExtension:(\S{1,256})|token\.([!-~]{1,64}))$/;

/** Of IPv6 a site has at least a /64 to choose addresses from. */
const defaultV6Bits = 64;

/** `source.ip/24`: 24 bits of IPv4, 64 of IPv6; `source.ip/24/56` says both. */
function parseNetworkPart(value: string): LimitKeyPart | undefined {
  const [, v4, v6] = /^source\.ip\/(\d{1,2})(?:\/(\d{1,3}))?$/.exec(value) ?? [];
  const prefix = { v4Bits: Number(v4), v6Bits: Number(v6 ?? defaultV6Bits) };
  const isGood = prefix.v4Bits >= 1 && prefix.v4Bits <= 32 && prefix.v6Bits >= 1;
  return isGood && prefix.v6Bits <= 128 ? { kind: 'source.ip', prefix } : undefined;
}
