/** How go-yaml v3 writes a text: bare where it stays a text, else quoted, in lines as a block. */
export function yamlScalar(text: string, indent: string): string {
  if (text.includes('\n') && isBlockText(text)) return literalBlock(text, indent);
  if (text.includes('\n') || !staysText(text)) return doubleQuoted(text);
  if (isBareText(text)) return text;
  return isSingleLine(text) ? `'${text.replaceAll("'", "''")}'` : doubleQuoted(text);
}

/** Whether a text can be a key on the line of its value. */
export function isSimpleKey(text: string): boolean {
  return !/[\n\r\u0085\u2028\u2029]/.test(text) && Buffer.byteLength(text) <= 128;
}

/** What another YAML would read as something else: numbers, null, old booleans, dates, base 60. */
const resolved: readonly RegExp[] = [
  /^(?:|~|null|Null|NULL)$/,
  /^(?:true|True|TRUE|false|False|FALSE)$/,
  /^(?:y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF)$/,
  /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/,
  /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/,
  /^[-+]?[0-9][0-9_]*$/,
  /^[-+]?0(?:[xX][0-9a-fA-F_]+|[oO]?[0-7_]+|[bB][01_]+)$/,
  /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/,
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt ].*)?$/,
];

function staysText(text: string): boolean {
  return !resolved.some((pattern) => pattern.test(text));
}

/** No sign that YAML reads: at the beginning, before a space, after one. */
function isBareText(text: string): boolean {
  return (
    isSingleLine(text) &&
    !/^[#,[\]{}&*!|>'"%@`]/.test(text) &&
    !/^(?:---|\.\.\.)/.test(text) &&
    !/^[-?:](?:\s|$)/.test(text) &&
    !/:(?:\s|$)| #|^ | $/.test(text)
  );
}

function isSingleLine(text: string): boolean {
  return !/[\t\n\r\u0085\u2028\u2029]/.test(text) && isPrintable(text);
}

function isBlockText(text: string): boolean {
  return isPrintable(text.replace(/[\t\n]/g, '')) && !/ \n| $/.test(text);
}

function isPrintable(text: string): boolean {
  return /^[ -~\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd]*$/u.test(text);
}

/** `|-` without a line break at the end, `|+` with more than one. */
function literalBlock(text: string, indent: string): string {
  const ending = text.endsWith('\n') ? (/(?:^|\n)\n$/.test(text) ? '+' : '') : '-';
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const lines = text.replace(/\n$/, '').split('\n');
  return [`|${hint}${ending}`, ...lines.map((line) => (line === '' ? '' : indent + line))].join(
    '\n',
  );
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\u0007': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\u001b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(text: string): string {
  return `"${Array.from(text, escaped).join('')}"`;
}

function escaped(character: string): string {
  const short = shortEscapes[character];
  if (short !== undefined) return short;
  if (isPrintable(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/**
 * go-yaml's order of keys: letters come after other signs, and runs of digits count as numbers.
 */
export function compareKeys(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  let afterDigits = false;
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const [one = '', other = ''] = [left[at], right[at]];
    if (one === other) {
      afterDigits = isDigit(one);
      continue;
    }
    const [letterA, letterB] = [isLetter(one), isLetter(other)];
    if (letterA && letterB) return order(one, other);
    if (letterA || letterB) {
      if (afterDigits) return letterA ? -1 : 1;
      return letterB ? -1 : 1;
    }
    return compareNumbers(left, right, at) || order(one, other);
  }
  return left.length - right.length;
}

/** The runs of digits that differ here, as numbers. */
function compareNumbers(a: readonly string[], b: readonly string[], at: number): number {
  const [left, right] = [digitsFrom(a, at), digitsFrom(b, at)];
  return Number(left || 0) - Number(right || 0) || left.length - right.length;
}

function digitsFrom(characters: readonly string[], at: number): string {
  let end = at;
  while (isDigit(characters[end] ?? '')) end += 1;
  return characters.slice(at, end).join('');
}

function isDigit(character: string): boolean {
  return /^\p{Nd}$/u.test(character);
}

function isLetter(character: string): boolean {
  return /^\p{L}$/u.test(character);
}

function order(a: string, b: string): number {
  return (a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0);
}
