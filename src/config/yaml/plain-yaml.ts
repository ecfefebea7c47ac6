import { parseAllDocuments } from 'yaml';

/** An alias that repeats what holds aliases multiplies: more than this, and the text is refused. */
const maxAliasCount = 100;

/**
 * Reads YAML 1.2 as go-yaml does for OPA, into null, booleans, numbers, bigints, strings, arrays and
 * Maps. Of several documents the first counts, but all have to be right. Throws for what is no YAML.
 */
export function parsePlainYaml(text: string): unknown {
  const documents = parseAllDocuments(text, { merge: true, uniqueKeys: false, intAsBigInt: true });
  if (!Array.isArray(documents)) return null;
  const [fault] = documents.flatMap(({ errors }) => errors);
  if (fault !== undefined) throw fault;
  const value: unknown = documents[0]?.toJS({ mapAsMap: true, maxAliasCount });
  return value ?? null;
}
