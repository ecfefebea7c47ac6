import { childPath, type Node, type ScalarNode } from './node.ts';
import { notAvailable, note, refuse, type Reading, type Schema } from './schema.ts';

interface YamlTypes {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

interface Leaf<Y extends keyof YamlTypes, T> {
  /** For the reference: `duration`. */
  readonly type: string;
  /** Completes `must be …`; says what is accepted. */
  readonly expected: string;
  readonly yamlType: Y;
  /** Undefined: the value is not what is expected. */
  readonly parse: (value: YamlTypes[Y], directory: string) => T | undefined;
  /** Its value must not appear in a message. */
  readonly secret?: boolean;
}

/** Of a wrong value in a message. */
const maxShownLength = 80;

/** A single value, from one written form. */
export function leaf<Y extends keyof YamlTypes, T>(form: Leaf<Y, T>): Schema<T> {
  return {
    type: form.type,
    read(node, path, reading) {
      if (node.kind === 'broken') return undefined;
      if (node.kind !== 'scalar') return refuseCollection(node, path, reading, form.expected);
      if (node.value === null) {
        return refuse(node, path, reading, 'has no value; give it one or remove the key');
      }
      const typed = typedValue(node, form.yamlType);
      const value = typed === undefined ? undefined : form.parse(typed, reading.directory);
      if (value !== undefined) return value;
      const given = node.filled || form.secret ? '' : `, not ${shown(node.value)}`;
      return refuse(node, path, reading, `must be ${form.expected}${given}`);
    },
  };
}

function shown(value: ScalarNode['value']): string {
  const text = JSON.stringify(value);
  return text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text;
}

function typedValue<Y extends keyof YamlTypes>(
  { value, filled }: ScalarNode,
  yamlType: Y,
): YamlTypes[Y] | undefined {
  if (filled) return fromText[yamlType](String(value));
  return isOfType(value, yamlType) ? value : undefined;
}

function isOfType<Y extends keyof YamlTypes>(value: unknown, yamlType: Y): value is YamlTypes[Y] {
  return typeof value === yamlType;
}

/** What YAML would have made of plain text. */
const fromText: { readonly [Y in keyof YamlTypes]: (text: string) => YamlTypes[Y] | undefined } = {
  string: (text) => text,
  number: (text) => (/^\d{1,15}$/.test(text) ? Number(text) : undefined),
  boolean: (text) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
};

/** Some keys also have a form with keys of their own that this version does not have. */
function refuseCollection(
  node: Exclude<Node, ScalarNode>,
  path: string,
  reading: Reading,
  expected: string,
): undefined {
  const entries = node.kind === 'mapping' ? [...node.entries] : [];
  const later = entries.filter(([key]) => reading.unavailable.has(childPath(path, key)));
  for (const [key, { keyPlace }] of later) {
    note(keyPlace, childPath(path, key), reading, notAvailable);
  }
  if (later.length === 0) refuse(node, path, reading, `must be ${expected}`);
}
