import { childPath } from './node.ts';
import { note, refuse, type Schema } from './schema.ts';

/** How names are written that the document chooses. */
export interface NameForm {
  readonly pattern: RegExp;
  /** Completes `write …`, for whoever wrote it otherwise. */
  readonly words: string;
}

/** Whatever a key can be without harm. */
export const anyName: NameForm = {
  pattern: /^[^\0]{1,256}$/,
  words: '1 to 256 characters, none of them NUL',
};

/** Values by names that the document chooses. */
export function mapOf<T>(
  item: Schema<T>,
  plural: string,
  names: NameForm,
): Schema<ReadonlyMap<string, T>> {
  return {
    type: `${plural} by name`,
    read(node, path, reading) {
      if (node.kind === 'broken') return undefined;
      if (node.kind !== 'mapping') return refuse(node, path, reading, `must be ${plural} by name`);
      const values = new Map<string, T>();
      for (const [name, { keyPlace, value }] of node.entries) {
        const itemPath = childPath(path, name);
        if (!names.pattern.test(name)) {
          note(keyPlace, itemPath, reading, `is not a name; write ${names.words}`);
        }
        const read = item.read(value, itemPath, reading);
        if (read !== undefined) values.set(name, read);
      }
      return values.size === node.entries.size ? values : undefined;
    },
  };
}

/** A single value, or a section that says more; an environment variable gives the single value. */
export function valueOrSection<T>(value: Schema<T>, longer: Schema<T>): Schema<T> {
  return {
    type: `${value.type}, or section`,
    ...(longer.rows && { longerRows: longer.rows }),
    read: (node, path, reading) =>
      (node.kind === 'mapping' ? longer : value).read(node, path, reading),
  };
}
