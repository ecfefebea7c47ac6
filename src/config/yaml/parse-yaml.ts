import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Pair,
  type ParsedNode,
  type YAMLError,
} from 'yaml';
import {
  childPath,
  emptyMapping,
  type MappingEntry,
  type Node,
  type ScalarNode,
} from '../schema/node.ts';
import type { Place, Problem } from '../problem.ts';

/** Deeper than any schema here; a bound for the recursion below. */
const maxDepth = 32;
/** An alias costs nothing to write and as much as what it names to read. */
const maxAliases = 100;
/** A file that is no YAML at all has a fault on every line. */
const maxFaults = 20;

/** What becomes of a value as it is written. */
export type Fill = (written: ScalarNode, path: string) => Node;

/** The document as nodes with their places. Notes what is wrong in `problems`; never throws. */
export function parseYaml(
  text: string,
  file: string,
  problems: Problem[],
  fill: Fill = (written) => written,
): Node {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      // Checked below: there it is linear, and can say where the first one stands.
      uniqueKeys: false,
    });
    const converter = new Converter(file, lines, problems, fill);
    const faults = [...document.errors, ...document.warnings];
    converter.noteFaults(faults);
    // What is not YAML was guessed at; what else might be said of the guess would mislead.
    if (faults.length > 0) return { kind: 'broken', place: { file, line: 1 } };
    if (document.contents === null) return emptyMapping({ file, line: 1, column: 1 });
    return converter.convert(document.contents, '', 0);
  } catch (error) {
    // The parser is recursive: text that is nested thousands deep exhausts the stack.
    const reason = error instanceof RangeError ? 'it is nested too deeply' : String(error);
    problems.push({ file, line: 1, path: '', message: `cannot be read as YAML: ${reason}` });
    return { kind: 'broken', place: { file, line: 1 } };
  }
}

class Converter {
  readonly #file: string;
  readonly #lines: LineCounter;
  readonly #problems: Problem[];
  readonly #fill: Fill;
  /**
   * By their anchors, when they are complete: an alias cannot be inside what it names. Shared, not
   * copied: who walks the whole tree walks them once for each alias of an alias.
   */
  readonly #anchors = new Map<string, Node>();
  #aliases = 0;

  constructor(file: string, lines: LineCounter, problems: Problem[], fill: Fill) {
    this.#file = file;
    this.#lines = lines;
    this.#problems = problems;
    this.#fill = fill;
  }

  /** The first of each line: the rest follow from it. */
  noteFaults(faults: readonly YAMLError[]): void {
    const lines = new Set<number | undefined>();
    for (const { code, message, pos } of faults) {
      const place = this.#placeOf(pos[0]);
      if (lines.has(place.line) || lines.size >= maxFaults) continue;
      lines.add(place.line);
      const said =
        code === 'MULTIPLE_DOCS'
          ? 'a second document begins here; keep one, and remove the `---`'
          : `this is not YAML: ${message}`;
      this.#note(place, '', said);
    }
  }

  convert(node: ParsedNode | null, path: string, depth: number): Node {
    const place = this.#placeOf(node?.range[0] ?? 0);
    const converted = this.#convertValue(node, place, path, depth);
    if (node !== null && !isAlias(node) && node.anchor !== undefined) {
      this.#anchors.set(node.anchor, converted);
    }
    return converted;
  }

  #convertValue(node: ParsedNode | null, place: Place, path: string, depth: number): Node {
    if (depth > maxDepth) return this.#refuse(place, path, 'is nested too deeply');
    if (isMap<ParsedNode, ParsedNode | null>(node)) {
      return { kind: 'mapping', place, entries: this.#entriesOf(node.items, path, depth) };
    }
    if (isSeq<ParsedNode>(node)) {
      const items = node.items.map((item, index) =>
        this.convert(item, `${path}[${index}]`, depth + 1),
      );
      return { kind: 'list', place, items };
    }
    if (isAlias(node)) return this.#resolve(node.source, place, path);
    const value: unknown = isScalar(node) ? node.value : null;
    return isPlain(value)
      ? this.#fill({ kind: 'scalar', place, value, filled: false }, path)
      : this.#refuse(place, path, 'has a type that is not read here; write plain text');
  }

  #entriesOf(
    pairs: readonly Pair<ParsedNode, ParsedNode | null>[],
    path: string,
    depth: number,
  ): Map<string, MappingEntry> {
    const entries = new Map<string, MappingEntry>();
    for (const pair of pairs) {
      const keyPlace = this.#placeOf(pair.key.range[0]);
      if (!isScalar(pair.key)) {
        this.#note(keyPlace, path, 'has a key that is not plain text');
        continue;
      }
      const key = String(pair.key.value);
      const first = entries.get(key);
      if (first !== undefined) {
        const message = `is here twice, first on line ${first.keyPlace.line}; keep one`;
        this.#note(keyPlace, childPath(path, key), message);
        continue;
      }
      const value = this.#entryValue(pair.value, keyPlace, childPath(path, key), depth);
      entries.set(key, { keyPlace, value });
    }
    return entries;
  }

  /** `key:` with nothing after it stands where its key does. */
  #entryValue(node: ParsedNode | null, keyPlace: Place, path: string, depth: number): Node {
    return node === null || (isScalar(node) && node.value === null)
      ? { kind: 'scalar', place: keyPlace, value: null, filled: false }
      : this.convert(node, path, depth + 1);
  }

  #resolve(anchor: string, place: Place, path: string): Node {
    this.#aliases += 1;
    if (this.#aliases > maxAliases) {
      return this.#refuse(place, path, `is alias number ${this.#aliases}; write it out`);
    }
    const named = this.#anchors.get(anchor);
    return named ?? this.#refuse(place, path, `no value before this one is called &${anchor}`);
  }

  #refuse(place: Place, path: string, message: string): Node {
    this.#note(place, path, message);
    return { kind: 'broken', place };
  }

  #note(place: Place, path: string, message: string): void {
    this.#problems.push({ ...place, path, message });
  }

  #placeOf(offset: number): Place {
    const { line, col } = this.#lines.linePos(offset);
    return { file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
