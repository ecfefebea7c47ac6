import { readNumber, writeNumber } from './number.ts';
import { isArray, isNumber, type RegoEntry, RegoObject, RegoSet, type RegoValue } from './value.ts';

/**
 * How deep a value may nest on its way between a policy and its host. Well above what a request may
 * nest, well below what the native stack bears.
 */
const maxDepth = 1000;

/**
 * Reads a value as Rego writes it: JSON, with `{1, 2}` and `set()` for sets, and with keys of any
 * kind. Throws a SyntaxError for other text, and a RangeError for what nests too deep.
 */
export function readRego(text: string): RegoValue {
  const reader = new Reader(text);
  const value = reader.readValue(maxDepth);
  reader.expectEnd();
  return value;
}

/** Writes a value as `opa_value_parse` reads it. Half a surrogate pair becomes U+FFFD, as in Go. */
export function writeRego(value: RegoValue, depth = maxDepth): string {
  if (typeof value === 'string') return JSON.stringify(value.toWellFormed());
  if (isNumber(value)) return writeNumber(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (depth === 0) throw tooDeep();
  const write = (item: RegoValue): string => writeRego(item, depth - 1);
  if (isArray(value)) return `[${value.map(write).join()}]`;
  if (value instanceof RegoObject) {
    return `{${value.entries.map(([key, item]) => `${write(key)}:${write(item)}`).join()}}`;
  }
  return value.values.length === 0 ? 'set()' : `{${value.values.map(write).join()}}`;
}

function tooDeep(): RangeError {
  return new RangeError(`a value nests deeper than ${maxDepth}`);
}

const number = /-?[\d.][\d.eE+-]*/y;

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  readValue(depth: number): RegoValue {
    if (depth < 0) throw tooDeep();
    this.#skipSpace();
    switch (this.#text.charAt(this.#at)) {
      case '"':
        return this.#readString();
      case '[':
        return this.#readArray(depth - 1);
      case '{':
        return this.#readObjectOrSet(depth - 1);
      case 'n':
        return this.#readWord('null', null);
      case 't':
        return this.#readWord('true', true);
      case 'f':
        return this.#readWord('false', false);
      case 's':
        return this.#readWord('set()', RegoSet.of([]));
      default:
        return this.#readNumber();
    }
  }

  expectEnd(): void {
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected();
  }

  #readArray(depth: number): RegoValue[] {
    this.#at += 1;
    const values: RegoValue[] = [];
    if (this.#skip(']')) return values;
    do values.push(this.readValue(depth));
    while (this.#skip(','));
    this.#expect(']');
    return values;
  }

  /** Which of the two it is shows after the first value. */
  #readObjectOrSet(depth: number): RegoObject | RegoSet {
    this.#at += 1;
    if (this.#skip('}')) return RegoObject.of([]);
    const first = this.readValue(depth);
    return this.#skip(':') ? this.#readEntries(first, depth) : this.#readMembers(first, depth);
  }

  #readEntries(firstKey: RegoValue, depth: number): RegoObject {
    const entries: RegoEntry[] = [[firstKey, this.readValue(depth)]];
    while (this.#skip(',')) {
      const key = this.readValue(depth);
      this.#expect(':');
      entries.push([key, this.readValue(depth)]);
    }
    this.#expect('}');
    return RegoObject.of(entries);
  }

  #readMembers(first: RegoValue, depth: number): RegoSet {
    const values = [first];
    while (this.#skip(',')) values.push(this.readValue(depth));
    this.#expect('}');
    return RegoSet.of(values);
  }

  #readString(): string {
    const start = this.#at;
    let end = start;
    do end = this.#text.indexOf('"', end + 1);
    while (end !== -1 && this.#isEscaped(end));
    if (end === -1) throw this.#unexpected();
    this.#at = end + 1;
    const literal = this.#text.slice(start, this.#at);
    const value: unknown = JSON.parse(literal);
    return String(value).toWellFormed();
  }

  #isEscaped(at: number): boolean {
    let before = at;
    while (this.#text[before - 1] === '\\') before -= 1;
    return (at - before) % 2 === 1;
  }

  #readNumber(): RegoValue {
    number.lastIndex = this.#at;
    const [text] = number.exec(this.#text) ?? [];
    if (text === undefined) throw this.#unexpected();
    this.#at = number.lastIndex;
    return readNumber(text);
  }

  #readWord<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) throw this.#unexpected();
    this.#at += word.length;
    return value;
  }

  #skipSpace(): void {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at += 1;
  }

  #skip(sign: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #expect(sign: string): void {
    if (!this.#skip(sign)) throw this.#unexpected();
  }

  #unexpected(): SyntaxError {
    const found = JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
    return new SyntaxError(`no value of Rego at character ${this.#at}: ${found}`);
  }
}
