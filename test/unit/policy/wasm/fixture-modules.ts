import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../../src/domain/json.ts';
import { readSnapshot } from '../../../../src/policy/bundles/contents/read-bundle.ts';
import { joinData } from '../../../../src/policy/join-data.ts';

const root = join(import.meta.dirname, '../../../..');

/** The module and the data of a committed bundle. */
export async function readModule(path: string) {
  const { modules, data } = await readSnapshot(readFileSync(join(root, path)));
  const [wasm] = modules.values();
  if (wasm === undefined) throw new Error(`${path} has no module`);
  return { wasm, data: JSON.parse(Buffer.from(joinData(data)).toString()) as JsonObject };
}
