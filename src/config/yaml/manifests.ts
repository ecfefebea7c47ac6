import { parseAllDocuments, stringify } from 'yaml';
import { messageOf } from '../../domain/fault-message.ts';
import type { JsonValue } from '../../domain/json.ts';
import { readText } from './read-file.ts';

const maxManifestBytes = 16 * 1024 * 1024;
const maxAliasCount = 100;

/** All documents of a YAML file, as JSON. Throws an Error with the file's name and line. */
export function readManifestFile(path: string): readonly JsonValue[] {
  let text: string;
  try {
    text = readText(path, maxManifestBytes);
  } catch (error) {
    throw new Error(`${path} ${messageOf(error)}`, {
      cause: error,
    });
  }
  const documents = parseAllDocuments(text);
  if (!Array.isArray(documents)) return [];
  const [fault] = documents.flatMap(({ errors }) => errors);
  if (fault !== undefined) throw new Error(`${path} is not YAML: ${fault.message}`);
  return documents.map((document): JsonValue => {
    const value: unknown = document.toJS({ maxAliasCount });
    // Once more through JSON: what YAML has beside it, such as dates, is text there.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON.parse gives nothing else
    return JSON.parse(JSON.stringify(value ?? null)) as JsonValue;
  });
}

/** A document as YAML, as people write it. */
export function writeYaml(value: object): string {
  return stringify(value, { lineWidth: 100, aliasDuplicateObjects: false });
}
