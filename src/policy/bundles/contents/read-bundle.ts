import { createHash } from 'node:crypto';
import { BundleError } from '../../bundle-error.ts';
import type { YamlCodec } from '../../rego/builtins/yaml/yaml.ts';
import { readArchive } from './archive.ts';
import type { Bundle, Snapshot } from './bundle.ts';
import type { BundleFiles } from './bundle-files.ts';
import { mergeData, splitData } from './data-documents.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { isDelta, readPatch } from './patch.ts';
import { type SignatureCheck, unsignedOnly } from './signatures.ts';
import { yamlAsJson } from './yaml-documents.ts';

/** A .tar.gz, or its files. */
export type BundleContent = Uint8Array | BundleFiles;

export interface ReadOptions {
  /** The most that an archive may unpack to. */
  readonly maxBytes: number;
  readonly signatures: SignatureCheck;
  /** Without it, a bundle with data in YAML is refused. */
  readonly yaml?: YamlCodec;
}

const defaults: ReadOptions = { maxBytes: 256 * 1024 * 1024, signatures: unsignedOnly };

/** Verifies and reads what `opa build -t wasm` writes. Throws a BundleError. */
export async function readBundle(
  content: BundleContent,
  options: ReadOptions = defaults,
): Promise<Bundle> {
  return bundleOf(await readFiles(content, options), options.signatures);
}

/** The files as they are judged: documents in JSON. Throws a BundleError. */
export async function readFiles(
  content: BundleContent,
  { maxBytes, yaml }: Omit<ReadOptions, 'signatures'>,
): Promise<BundleFiles> {
  const files = content instanceof Uint8Array ? await readArchive(content, maxBytes) : content;
  return yamlAsJson(files, yaml);
}

/** Verifies and reads files that `readFiles` gave. Throws a BundleError. */
export function bundleOf(files: BundleFiles, signatures: SignatureCheck): Bundle {
  if (isDelta(files)) {
    signatures.admitDelta();
    return readDelta(files);
  }
  signatures.verify(files);
  return snapshotOf(files);
}

/** Reads what must be a whole: there is nothing yet that a delta could change. */
export async function readSnapshot(
  content: BundleContent,
  options: ReadOptions = defaults,
): Promise<Snapshot> {
  const bundle = await readBundle(content, options);
  if (bundle.type === 'snapshot') return bundle;
  throw new BundleError(
    'the bundle is a delta bundle, and there is no bundle that it could change',
  );
}

function snapshotOf(files: BundleFiles): Snapshot {
  const manifest = readManifest(files);
  return {
    type: 'snapshot',
    revision: manifest.revision || digestOf(files),
    manifest,
    modules: readModules(manifest, files),
    data: splitData(mergeData(files, manifest.roots), manifest.roots),
  };
}

function readDelta(files: BundleFiles): Bundle {
  const manifest = readManifest(files);
  const revision = manifest.revision || digestOf(files);
  return { type: 'delta', revision, manifest, patch: readPatch(files, manifest.roots) };
}

function readModules({ wasm }: Manifest, files: BundleFiles): Map<string, Uint8Array<ArrayBuffer>> {
  const modules = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [module, entries] of Map.groupBy(wasm, (entry) => entry.module)) {
    const content = files.get(module);
    if (content === undefined) {
      throw new BundleError(`.manifest of the bundle names ${module}, which is not in it`);
    }
    const wasmOfAll = Uint8Array.from(content);
    for (const { entrypoint } of entries) modules.set(entrypoint, wasmOfAll);
  }
  return modules;
}

/** What stands for the revision of a bundle that names none: 12 hexadecimal digits. */
function digestOf(files: BundleFiles): string {
  const hash = createHash('sha256');
  for (const path of [...files.keys()].toSorted()) {
    const content = files.get(path) ?? new Uint8Array();
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}
