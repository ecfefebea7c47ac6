import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJsonObject, type JsonValue } from '../../src/domain/json.ts';
import { tools } from './tools.ts';

const { version, recipe } = tools['kubernetes-schemas'];
const folder = `v${version}-local-strict`;

export const kubernetesVersion = version;

/** What kubeconform's `-schema-location` wants, for the folder that the tool was found in. */
export function schemaLocation(schemas: string): string {
  return join(schemas, '{{.ResourceKind}}{{.KindSuffix}}.json');
}

/**
 * The package holds the schemas of many Kubernetes versions, with identifiers that only resolve on
 * a web server. Keeps one version, strict, with references that resolve between files.
 */
export function rewriteKubernetesSchemas(directory: string): void {
  const all = join(directory, recipe.executable);
  const kept = join(directory, folder);
  renameSync(join(all, folder), kept);
  rmSync(all, { recursive: true });
  renameSync(kept, all);
  for (const name of readdirSync(all)) {
    const path = join(all, name);
    const schema = JSON.parse(readFileSync(path, 'utf8')) as JsonValue;
    writeFileSync(path, JSON.stringify(withFileReferences(schema)));
  }
}

function withFileReferences(schema: JsonValue): JsonValue {
  if (Array.isArray(schema)) return (schema as readonly JsonValue[]).map(withFileReferences);
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema)
    .filter(([key, value]) => !(key === '$id' && typeof value === 'string'))
    .map(([key, value]): [string, JsonValue] => [
      key,
      key === '$ref' && typeof value === 'string'
        ? value.replace('/api/_definitions.json', '_definitions.json')
        : withFileReferences(value),
    ]);
  return Object.fromEntries(entries);
}
