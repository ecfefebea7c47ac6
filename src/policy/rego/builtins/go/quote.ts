/** Go's strconv.Quote: a string or a character as a Go (and Rego) literal. */
export function quote(text: string, toAscii = false): string {
  return `"${Array.from(text, (character) => escaped(character, '"', toAscii)).join('')}"`;
}

export function quoteCharacter(codePoint: number, toAscii = false): string {
  return `'${escaped(characterOf(codePoint), "'", toAscii)}'`;
}

/** Go's string(rune): what is no character becomes U+FFFD. */
export function characterOf(codePoint: number): string {
  const valid = codePoint >= 0 && codePoint <= 0x10ffff && !isSurrogate(codePoint);
  return valid ? String.fromCodePoint(codePoint) : '\ufffd';
}

/** Go's strconv.CanBackquote: whether the text can stand between backquotes. */
export function canBackquote(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return !/[\u0000-\u0008\u000a-\u001f`\u007f\ufeff\ufffd]/.test(text);
}

/** Go's unicode.IsPrint: letters, marks, numbers, punctuation, symbols, and the ASCII space. */
export function isPrintable(character: string): boolean {
  return character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character);
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
};

function escaped(character: string, mark: string, toAscii: boolean): string {
  if (character === mark) return `\\${mark}`;
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  const codePoint = character.codePointAt(0) ?? 0;
  if (isSurrogate(codePoint)) return toAscii ? '\\ufffd' : '\ufffd';
  if (codePoint < 0x80 ? isPrintable(character) : !toAscii && isPrintable(character)) {
    return character;
  }
  if (codePoint < 0x20 || codePoint === 0x7f) return `\\x${hex(codePoint, 2)}`;
  return codePoint > 0xffff ? `\\U${hex(codePoint, 8)}` : `\\u${hex(codePoint, 4)}`;
}

function hex(codePoint: number, digits: number): string {
  return codePoint.toString(16).padStart(digits, '0');
}

function isSurrogate(codePoint: number): boolean {
  return codePoint >= 0xd800 && codePoint <= 0xdfff;
}
