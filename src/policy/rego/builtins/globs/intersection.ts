import { BuiltinError, type Spend } from '../../builtin.ts';

/**
 * Whether some text matches both of two globs, as github.com/yashtewari/glob-intersection v0.2.0
 * decides it: it is not a proof, but it is what OPA answers. A glob is a row of characters, dots
 * and sets, each with an optional `+` or `*`.
 */
export function globsIntersect(a: string, b: string, spend: Spend): boolean {
  spend(50 * (a.length + b.length));
  const [left, right] = trimmed(tokenize(a), tokenize(b)) ?? [];
  if (left === undefined || right === undefined) return false;
  // The answer for each pair of ends is remembered, so this bounds the time.
  spend(20 * left.length * right.length);
  return new Intersection(left, right).fromStart();
}

type Flag = '' | '+' | '*';
type Range = readonly [first: number, last: number];

interface Token {
  readonly kind: 'character' | 'any' | 'set';
  readonly ranges: readonly Range[];
  readonly flag: Flag;
}

function tokenize(glob: string): Token[] {
  const characters = Array.from(glob);
  const tokens: Token[] = [];
  for (let at = 0; at < characters.length;) {
    const [token, next] = readToken(characters, at);
    const flag = flagAt(characters, next);
    at = flag === '' ? next : next + 1;
    append(tokens, { ...token, flag });
  }
  return tokens;
}

/** Of two flagged tokens alike one is enough; it has to match something if either had. */
function append(tokens: Token[], token: Token): void {
  const last = tokens.at(-1);
  if (last === undefined || last.flag === '' || token.flag === '' || !isAlike(last, token)) {
    tokens.push(token);
  } else if (token.flag === '+') {
    tokens[tokens.length - 1] = token;
  }
}

function isAlike(a: Token, b: Token): boolean {
  return a.kind === b.kind && JSON.stringify(merged(a.ranges)) === JSON.stringify(merged(b.ranges));
}

function merged(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = [];
  for (const [first, last] of ranges.toSorted(([a], [b]) => a - b)) {
    const previous = result.at(-1);
    if (previous !== undefined && first <= previous[1] + 1) {
      previous[1] = Math.max(previous[1], last);
    } else {
      result.push([first, last]);
    }
  }
  return result;
}

function readToken(characters: readonly string[], at: number): [Omit<Token, 'flag'>, number] {
  const character = characters[at] ?? '';
  if (character === '[') return readSet(characters, at + 1);
  if (character === ']' || flagOf(character) !== '') throw invalid(characters);
  if (character === '.') return [{ kind: 'any', ranges: [] }, at + 1];
  const [code, next] = readCharacter(characters, at);
  return [{ kind: 'character', ranges: [[code, code]] }, next];
}

function readSet(characters: readonly string[], start: number): [Omit<Token, 'flag'>, number] {
  const ranges: Range[] = [];
  let previous: number | undefined;
  for (let at = start; at < characters.length;) {
    if (characters[at] === ']') return [{ kind: 'set', ranges }, at + 1];
    if (characters[at] === '-') {
      if (previous === undefined || at + 1 >= characters.length - 1) throw invalid(characters);
      if (characters[at + 1] === ']' || characters[at + 1] === '-') throw invalid(characters);
      const [last, next] = readCharacter(characters, at + 1);
      if (last < previous) throw invalid(characters);
      ranges.push([previous, last]);
      [previous, at] = [undefined, next];
    } else {
      const [code, next] = readCharacter(characters, at);
      ranges.push([code, code]);
      [previous, at] = [code, next];
    }
  }
  throw invalid(characters);
}

/** One character, which a backslash may make an ordinary one. */
function readCharacter(characters: readonly string[], at: number): [code: number, next: number] {
  const isEscape = characters[at] === '\\';
  const code = characters[isEscape ? at + 1 : at]?.codePointAt(0);
  if (code === undefined) throw invalid(characters);
  return [code, isEscape ? at + 2 : at + 1];
}

function flagAt(characters: readonly string[], at: number): Flag {
  if (characters[at] === '\\' && at === characters.length - 1) throw invalid(characters);
  return flagOf(characters[at]);
}

function flagOf(character: string | undefined): Flag {
  return character === '+' || character === '*' ? character : '';
}

function invalid(characters: readonly string[]): BuiltinError {
  return new BuiltinError(`input:${characters.join('')}, the input provided is invalid`);
}

function matches(a: Token, b: Token): boolean {
  if (a.kind === 'any' || b.kind === 'any') return true;
  return a.ranges.some(([first, last]) =>
    b.ranges.some(([from, to]) => first <= to && from <= last),
  );
}

/** Without what begins and ends both alike, but for one token; undefined when they differ there. */
function trimmed(a: Token[], b: Token[]): [Token[], Token[]] | undefined {
  let start = 0;
  for (; isPlain(a[start]) && isPlain(b[start]); start += 1) {
    if (!matchAt(a, start, b, start)) return undefined;
  }
  start = Math.max(start - 1, 0);
  let [endA, endB] = [a.length - 1, b.length - 1];
  while (endA >= start && endB >= start && isPlain(a[endA]) && isPlain(b[endB])) {
    if (!matchAt(a, endA, b, endB)) return undefined;
    [endA, endB] = [endA - 1, endB - 1];
  }
  if (endA < a.length - 1) [endA, endB] = [endA + 1, endB + 1];
  return [a.slice(start, endA + 1), b.slice(start, endB + 1)];
}

function isPlain(token: Token | undefined): boolean {
  return token?.flag === '';
}

function matchAt(a: readonly Token[], atA: number, b: readonly Token[], atB: number): boolean {
  const [left, right] = [a[atA], b[atB]];
  return left !== undefined && right !== undefined && matches(left, right);
}

/** Walks two globs from any pair of positions to their ends; each pair once. */
class Intersection {
  readonly #left: readonly Token[];
  readonly #right: readonly Token[];
  readonly #known = new Map<number, boolean>();

  constructor(left: readonly Token[], right: readonly Token[]) {
    this.#left = left;
    this.#right = right;
  }

  fromStart(): boolean {
    return this.#from(0, 0);
  }

  #from(left: number, right: number): boolean {
    const key = left * (this.#right.length + 1) + right;
    const known = this.#known.get(key) ?? this.#walk(left, right);
    this.#known.set(key, known);
    return known;
  }

  #walk(left: number, right: number): boolean {
    let [i, j] = [left, right];
    while (isPlain(this.#left[i]) && isPlain(this.#right[j])) {
      if (!matchAt(this.#left, i, this.#right, j)) return false;
      [i, j] = [i + 1, j + 1];
    }
    const [tokenA, tokenB] = [this.#left[i], this.#right[j]];
    if (tokenA === undefined || tokenB === undefined) return tokenA === tokenB;
    return tokenA.flag === ''
      ? this.#repeat(this.#right, j, this.#left, i, (at, other) => this.#from(other, at))
      : this.#repeat(this.#left, i, this.#right, j, (at, other) => this.#from(at, other));
  }

  /** `glob[at]` has a flag: it takes what it can of the other, until what follows it matches. */
  #repeat(
    glob: readonly Token[],
    at: number,
    other: readonly Token[],
    from: number,
    goOn: (at: number, other: number) => boolean,
  ): boolean {
    if (glob[at]?.flag === '*') return this.#gobble(glob, at, other, from, goOn);
    if (!matchAt(glob, at, other, from)) return false;
    if (this.#gobble(glob, at, other, from + 1, goOn)) return true;
    return !isPlain(other[from]) && goOn(at + 1, from);
  }

  #gobble(
    glob: readonly Token[],
    at: number,
    other: readonly Token[],
    from: number,
    goOn: (at: number, other: number) => boolean,
  ): boolean {
    const isLast = at + 1 >= glob.length;
    for (let next = from; next < other.length; next += 1) {
      if (!isLast && matchAt(glob, at + 1, other, next) && goOn(at + 1, next)) return true;
      if (!matchAt(glob, at, other, next)) return false;
    }
    return isLast;
  }
}
