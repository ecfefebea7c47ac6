import { BuiltinError } from '../../builtin.ts';

/** One value of ASN.1's Distinguished Encoding Rules. */
export interface Der {
  /** Its identifier octet: `0x30` is a sequence. Tags of more octets are refused. */
  readonly tag: number;
  readonly content: Buffer;
  /** The whole encoding, with tag and length. */
  readonly raw: Buffer;
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The values that follow each other in the bytes. Throws a BuiltinError for anything else. */
export function readDerValues(bytes: Buffer): Der[] {
  const values: Der[] = [];
  for (let rest = bytes; rest.length > 0;) {
    const value = readFirst(rest);
    values.push(value);
    rest = rest.subarray(value.raw.length);
  }
  return values;
}

/** Exactly one value, with nothing behind it. */
export function readDer(bytes: Buffer, tag?: number): Der {
  const [value, ...more] = readDerValues(bytes);
  if (value === undefined || more.length > 0) throw malformed('expected one value');
  if (tag !== undefined && value.tag !== tag) throw malformed('a value is of another type');
  return value;
}

/** Reads a sequence's members one after the other, the optional ones by their tag. */
export class DerSequence {
  readonly #values: readonly Der[];
  #at = 0;

  constructor(content: Buffer) {
    this.#values = readDerValues(content);
  }

  static of(value: Der): DerSequence {
    if (value.tag !== derTags.sequence) throw malformed('expected a sequence');
    return new DerSequence(value.content);
  }

  /** The next member, of this type. */
  next(tag?: number): Der {
    const value = this.#values[this.#at];
    if (value === undefined || (tag !== undefined && value.tag !== tag)) {
      throw malformed('a member is missing or of another type');
    }
    this.#at += 1;
    return value;
  }

  /** The next member when it is of this type. */
  optional(tag: number): Der | undefined {
    return this.#values[this.#at]?.tag === tag ? this.next() : undefined;
  }

  end(): void {
    if (this.#at < this.#values.length) throw malformed('a sequence has more members');
  }
}

function readFirst(bytes: Buffer): Der {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw malformed('bad tag');
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const start = 2 + lengthBytes;
  if (lengthBytes > 4 || first === 0x80 || bytes.length < start) throw malformed('bad length');
  const length = lengthBytes === 0 ? first : bytes.readUIntBE(2, lengthBytes);
  const isMinimal = lengthBytes === 0 || (length >= 0x80 && bytes[2] !== 0);
  if (!isMinimal || bytes.length < start + length) throw malformed('bad length');
  return {
    tag,
    content: bytes.subarray(start, start + length),
    raw: bytes.subarray(0, start + length),
  };
}

export function derInteger({ content }: Der): bigint {
  const [first, second = 0] = content;
  const isPadded = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
  if (first === undefined || (content.length > 1 && isPadded)) throw malformed('bad integer');
  const magnitude = BigInt(`0x${content.toString('hex')}`);
  return BigInt.asIntN(content.length * 8, magnitude);
}

export function derBoolean({ content }: Der): boolean {
  const [octet] = content;
  if (content.length !== 1 || (octet !== 0 && octet !== 0xff)) throw malformed('bad boolean');
  return octet === 0xff;
}

/** The bits of a bit string, and how many of the last octet are not its own. */
export function derBits({ content }: Der): { readonly bytes: Buffer; readonly unused: number } {
  const [unused] = content;
  const hasBytes = content.length > 1;
  if (unused === undefined || unused > 7 || (unused > 0 && !hasBytes)) throw malformed('bad bits');
  return { bytes: content.subarray(1), unused };
}

/** The arcs of an object identifier. */
export function derOid({ content }: Der): readonly number[] {
  const last = content.at(-1);
  if (last === undefined || last >= 0x80) throw malformed('bad object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of content) {
    arc = arc * 128 + (octet & 0x7f);
    if (arc > 0x7fffffff) throw malformed('an object identifier is too large');
    if (octet >= 0x80) continue;
    if (arcs.length === 0) {
      // The first two arcs share one number.
      const root = Math.min(2, Math.floor(arc / 40));
      arcs.push(root, arc - 40 * root);
    } else arcs.push(arc);
    arc = 0;
  }
  return arcs;
}

const utcTime = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
const generalizedTime = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;

/** Milliseconds since 1970; years of two digits are of 1950 to 2049 (RFC 5280 §4.1.2.5.1). */
export function derTime({ tag, content }: Der): number {
  const text = content.toString('latin1');
  const parts = (tag === derTags.utcTime ? utcTime : generalizedTime).exec(text)?.slice(1) ?? [];
  const [year, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number);
  if (year === undefined) throw malformed('bad time');
  const century = tag === derTags.utcTime ? (year < 50 ? 2000 : 1900) : 0;
  const date = new Date(0);
  date.setUTCFullYear(century + year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const written = date.toISOString().replace(/\.000|[-:T]/g, '');
  if (!written.endsWith(text)) throw malformed('bad time');
  return date.getTime();
}

/** A text of any of ASN.1's string types. */
export function derText({ tag, content }: Der): string {
  switch (tag) {
    case 0x0c:
    case 0x13:
    case 0x16:
    case 0x1a:
    case 0x12:
      return content.toString('utf8');
    case 0x14:
      return content.toString('latin1');
    case 0x1e:
      return Buffer.from(content).swap16().toString('utf16le');
    default:
      throw malformed('unsupported string type');
  }
}

export function malformed(what: string): BuiltinError {
  return new BuiltinError(`x509: malformed: ${what}`);
}
