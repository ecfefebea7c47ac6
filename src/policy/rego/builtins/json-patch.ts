import { BuiltinError, type BuiltinTable, type Spend } from '../builtin.ts';
import { equal, isArray, isNumber, RegoObject, RegoSet, type RegoValue } from '../value.ts';
import { exactInteger } from './exact-number.ts';
import { arrayOperand, operandError } from './operands.ts';

/** OPA v1/topdown/json.go and internal/edittree: RFC 6902, also on sets and keys of any kind. */
export const jsonPatchBuiltins: BuiltinTable = {
  'json.patch': ({ spend }, document, operations) => {
    let patched: Document = document;
    for (const operation of arrayOperand(operations, 2)) {
      patched = apply(patched, operation, spend);
    }
    return patched;
  },
};

type Path = readonly RegoValue[];

/** A document is undefined once its root was removed. */
type Document = RegoValue | undefined;

const operators: Readonly<Record<string, (document: Document, operation: RegoObject) => Document>> =
  {
    add: (document, operation) =>
      inserted(document, pathOf(operation, 'path'), required(operation, 'value')),
    remove: (document, operation) => removed(document, pathOf(operation, 'path')),
    replace: (document, operation) => {
      const path = pathOf(operation, 'path');
      return inserted(removed(document, path), path, required(operation, 'value'));
    },
    move: (document, operation) => {
      const from = pathOf(operation, 'from');
      const moved = read(document, from);
      return inserted(removed(document, from), pathOf(operation, 'path'), moved);
    },
    copy: (document, operation) => {
      const copied = read(document, pathOf(operation, 'from'));
      return inserted(document, pathOf(operation, 'path'), copied);
    },
    test: (document, operation) => {
      const found = read(document, pathOf(operation, 'path'));
      if (equal(found, required(operation, 'value'))) return document;
      throw new BuiltinError('value from EditTree != patch value');
    },
  };

function apply(document: Document, operation: RegoValue, spend: Spend): Document {
  if (!(operation instanceof RegoObject)) {
    throw new BuiltinError('must be an array of JSON-Patch objects');
  }
  const name = required(operation, 'op');
  const operator = typeof name === 'string' ? operators[name] : undefined;
  if (operator === undefined) throw new BuiltinError('unrecognized op');
  required(operation, 'path');
  spendOnPath(document, pathOf(operation, 'path'), spend);
  if (operation.get('from') !== undefined) {
    spendOnPath(document, pathOf(operation, 'from'), spend);
    // What is copied again and again, itself within itself, has twice the size each time.
    if (name === 'copy') spendOnValue(read(document, pathOf(operation, 'from')), spend);
  }
  return operator(document, operation);
}

/** Each object, set or array on the way to a value is made anew, when what it holds changes. */
function spendOnPath(document: Document, path: Path, spend: Spend): void {
  let held = document;
  for (const key of path) {
    if (held === undefined) return;
    spend(isArray(held) ? 1 + held.length : 20 * (1 + memberCount(held)));
    held = heldBy(held, key);
  }
}

function memberCount(value: RegoValue): number {
  if (value instanceof RegoObject) return value.entries.length;
  return value instanceof RegoSet ? value.values.length : 0;
}

function spendOnValue(value: RegoValue, spend: Spend): void {
  spend(typeof value === 'string' ? 4 + value.length : 4);
  if (isArray(value)) for (const member of value) spendOnValue(member, spend);
  if (value instanceof RegoSet) for (const member of value.values) spendOnValue(member, spend);
  if (value instanceof RegoObject) {
    for (const [key, member] of value.entries) {
      spendOnValue(key, spend);
      spendOnValue(member, spend);
    }
  }
}

function required(operation: RegoObject, attribute: string): RegoValue {
  const value = operation.get(attribute);
  if (value !== undefined) return value;
  throw new BuiltinError(`missing required attribute '${attribute}'`);
}

/** A JSON pointer, also without its first slash, or a list of keys. */
function pathOf(operation: RegoObject, attribute: string): Path {
  const path = required(operation, attribute);
  if (isArray(path)) return path;
  if (typeof path !== 'string') {
    throw operandError(2, 'must be one of {set, array} containing string paths');
  }
  if (path === '') return [];
  const segments = path.replace(/^\/+/, '').split('/');
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function read(document: Document, path: Path): RegoValue {
  const [key, ...rest] = path;
  if (document === undefined) throw new BuiltinError('nil value encountered');
  return key === undefined ? document : read(child(document, key), rest);
}

function inserted(document: Document, path: Path, value: RegoValue): RegoValue {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  if (document === undefined) throw new BuiltinError('nil value encountered');
  if (rest.length === 0) return withChild(document, key, value);
  return withChanged(document, key, inserted(child(document, key), rest, value));
}

function removed(document: Document, path: Path): Document {
  const [key, ...rest] = path;
  if (document === undefined) throw new BuiltinError('deleted node encountered');
  if (key === undefined) return undefined;
  const held = child(document, key);
  if (rest.length === 0) return withoutChild(document, key);
  return withChanged(document, key, removed(held, rest) ?? null);
}

function child(parent: RegoValue, key: RegoValue): RegoValue {
  const held = heldBy(parent, key);
  if (held !== undefined) return held;
  throw new BuiltinError('path does not exist');
}

function heldBy(parent: RegoValue, key: RegoValue): RegoValue | undefined {
  if (parent instanceof RegoObject) return parent.get(key);
  if (parent instanceof RegoSet) return parent.has(key) ? key : undefined;
  return isArray(parent) ? parent[indexOf(parent, key)] : undefined;
}

/** Adds; an array's later values move up. A set's key is the value itself. */
function withChild(parent: RegoValue, key: RegoValue, value: RegoValue): RegoValue {
  if (parent instanceof RegoObject) return RegoObject.of([...parent.entries, [key, value]]);
  if (parent instanceof RegoSet && equal(key, value)) return RegoSet.of([...parent.values, value]);
  if (isArray(parent)) {
    const at = indexOf(parent, key);
    if (at >= 0 && at <= parent.length) return parent.toSpliced(at, 0, value);
  }
  throw new BuiltinError('cannot insert there');
}

function withoutChild(parent: RegoValue, key: RegoValue): RegoValue {
  if (parent instanceof RegoObject) {
    return RegoObject.of(parent.entries.filter(([name]) => !equal(name, key)));
  }
  if (parent instanceof RegoSet) {
    return RegoSet.of(parent.values.filter((value) => !equal(value, key)));
  }
  return isArray(parent) ? parent.toSpliced(indexOf(parent, key), 1) : parent;
}

/** Puts a changed child in the place of the one that the parent holds. */
function withChanged(parent: RegoValue, key: RegoValue, changed: RegoValue): RegoValue {
  if (isArray(parent)) return parent.with(indexOf(parent, key), changed);
  const without = withoutChild(parent, key);
  return withChild(without, without instanceof RegoSet ? changed : key, changed);
}

/** `-` is behind the last. Other text has to be an integer without zeros before it. */
function indexOf(array: Path, key: RegoValue): number {
  if (key === '-') return array.length;
  if (isNumber(key)) return Number(exactInteger(key) ?? -1n);
  const isIndex = typeof key === 'string' && /^\+?(?:0|[1-9]\d{0,18})(?:\.0*)?$/.test(key);
  if (isIndex) return Number(key);
  throw new BuiltinError('invalid string for indexing');
}
