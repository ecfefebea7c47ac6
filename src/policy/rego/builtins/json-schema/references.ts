import { BuiltinError } from '../../builtin.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';

/** 4, 6 or 7; Infinity where a schema does not say, and may use what any draft has. */
export type Draft = number;

/** Where a schema stands: what its references are relative to, and which draft it follows. */
export interface Scope {
  readonly base: string;
  readonly draft: Draft;
}

export interface Target {
  /** The absolute reference. */
  readonly key: string;
  readonly document: RegoValue;
  readonly pointer: string;
  readonly scope: Scope;
}

const drafts: ReadonlyMap<string, Draft> = new Map([
  ['http://json-schema.org/draft-04/schema', 4],
  ['http://json-schema.org/draft-06/schema', 6],
  ['http://json-schema.org/draft-07/schema', 7],
]);

/**
 * The schemas within one document, by `$id` (or `id`). Nothing is fetched: a reference to another
 * document is refused.
 */
export class SchemaPool {
  readonly root: Scope;
  readonly #documents = new Map<string, RegoValue>();

  constructor(document: RegoValue) {
    if (typeof document !== 'boolean' && !(document instanceof RegoObject)) {
      throw new BuiltinError('schema is invalid');
    }
    this.root = { base: '', draft: draftOf(document) };
    this.#collect(document, '');
    this.#documents.set('', document);
  }

  scopeOf(schema: RegoObject, outer: Scope): Scope {
    const key =
      outer.draft === 4 || (outer.draft === Infinity && schema.get('id') !== undefined)
        ? 'id'
        : '$id';
    const id = schema.get(key);
    if (id === undefined) return outer;
    if (typeof id !== 'string')
      throw new BuiltinError(`Invalid type. Expected: string, given: ${key}`);
    return { base: resolve(outer.base, id), draft: outer.draft };
  }

  find(reference: string, scope: Scope): Target {
    const key = resolve(scope.base, reference);
    const own = this.#documents.get(key) ?? this.#documents.get(`${key}#`);
    if (own !== undefined)
      return { key, document: own, pointer: '', scope: { ...scope, base: key } };
    const [base = '', pointer = ''] = key.split('#', 2);
    const document = this.#documents.get(base) ?? this.#documents.get(`${base}#`);
    if (document !== undefined) return { key, document, pointer, scope: { ...scope, base } };
    if (/^[a-z][a-z0-9+.-]*:/i.test(key)) {
      throw new BuiltinError('remote reference loading disabled');
    }
    throw new BuiltinError(`Reference ${key.replace(/^(?!\/)/, '/')} must be canonical`);
  }

  #collect(value: RegoValue, base: string): void {
    if (isArray(value)) for (const item of value) this.#collect(item, base);
    if (!(value instanceof RegoObject)) return;
    const id = value.get(value.get('id') === undefined ? '$id' : 'id');
    const inner = typeof id === 'string' ? resolve(base, id) : base;
    if (typeof id === 'string') this.#add(inner, value);
    for (const [key, member] of value.entries) {
      if (key === 'const' || key === 'enum') continue;
      const isMapOfSchemas = typeof key === 'string' && mapsOfSchemas.has(key);
      if (!isMapOfSchemas) this.#collect(member, inner);
      else if (member instanceof RegoObject) {
        for (const [, schema] of member.entries) this.#collect(schema, inner);
      }
    }
  }

  #add(id: string, schema: RegoValue): void {
    if (this.#documents.has(id)) throw new BuiltinError(`Reference already exists: "${id}"`);
    this.#documents.set(id, schema);
  }
}

/** Their members' names are no keywords. */
const mapsOfSchemas = new Set(['properties', 'dependencies', 'patternProperties']);

function draftOf(document: RegoValue): Draft {
  const schema = document instanceof RegoObject ? document.get('$schema') : undefined;
  if (schema === undefined) return Infinity;
  if (typeof schema !== 'string') throw new BuiltinError('$schema must be of type string');
  return drafts.get(schema.replace(/#$/, '')) ?? Infinity;
}

function resolve(base: string, reference: string): string {
  if (reference.startsWith('#'))
    return `${base.split('#', 1)[0] ?? ''}${reference === '#' ? '' : reference}`;
  if (URL.canParse(reference)) return reference.replace(/#$/, '');
  return URL.canParse(base) ? new URL(reference, base).href.replace(/#$/, '') : reference;
}

/** What a JSON pointer leads to. Throws a BuiltinError when it leads nowhere. */
export function resolvePointer({ document, pointer }: Target): RegoValue {
  return pointerTokens(pointer).reduce((value, token) => {
    const next = isArray(value)
      ? value[/^\d+$/.test(token) ? Number(token) : -1]
      : value instanceof RegoObject
        ? value.get(token)
        : undefined;
    if (next === undefined) throw new BuiltinError(`Object has no key '${token}'`);
    return next;
  }, document);
}

function pointerTokens(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/')) throw new BuiltinError('Invalid JSON pointer');
  const tokens = pointer.slice(1).split('/');
  return tokens.map((token) => unescaped(token).replaceAll('~1', '/').replaceAll('~0', '~'));
}

function unescaped(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    throw new BuiltinError('Invalid JSON pointer');
  }
}
