import type { SigningSettings } from '../../domain/bundle-settings.ts';
import { messageOf } from '../../domain/fault-message.ts';
import type { JsonValue } from '../../domain/json.ts';
import type { BundleFiles } from '../bundles/contents/bundle-files.ts';
import type { Manifest } from '../bundles/contents/manifest.ts';
import { type BundleContent, bundleOf, readFiles } from '../bundles/contents/read-bundle.ts';
import { formatRoot } from '../bundles/contents/roots.ts';
import {
  createSignatureCheck,
  readToken,
  type SignatureCheck,
} from '../bundles/contents/signatures.ts';
import { joinData } from '../join-data.ts';
import { outsideBuiltinNames } from '../rego/builtins/http/outside.ts';
import type { YamlCodec } from '../rego/builtins/yaml/yaml.ts';
import { refusalOf } from '../rego/refused-builtins.ts';
import { readModule } from '../wasm/policy-module.ts';

/** What a bundle holds, before anybody has decided to trust it. */
export interface BundleDescription {
  readonly type: 'snapshot' | 'delta';
  readonly revision: string;
  readonly roots: readonly string[];
  readonly modules: readonly ModuleDescription[];
  /** What its modules call of their host; what is built into a module is not known any more. */
  readonly builtins: readonly BuiltinDescription[];
  /** Of its data, as JSON. */
  readonly dataBytes: number;
  /** Sources that no server reads: without a module, nothing of them decides. */
  readonly hasRego: boolean;
  /** Absent: it is not signed. */
  readonly signature?: SignatureDescription;
  readonly verification: Verification;
}

export interface ModuleDescription {
  readonly file: string;
  readonly sizeBytes: number;
  readonly entrypoints: readonly string[];
}

export interface BuiltinDescription {
  readonly name: string;
  /** Whether a server has it: always, where its configuration says so, or never. */
  readonly given: 'always' | 'configured' | 'never';
  /** Why a server refuses a bundle that calls it. */
  readonly refusal?: string;
}

export interface SignatureDescription {
  /** As it says, and nobody has to believe. Undefined: it does not say. */
  readonly keyId: string | undefined;
  readonly algorithm: string | undefined;
  readonly scope: string | undefined;
}

/** `unknown`: there was no key to verify it with. */
export type Verification =
  | { readonly result: 'good' }
  | { readonly result: 'unknown' }
  | { readonly result: 'bad'; readonly why: string };

export interface DescribeOptions {
  readonly maxBytes: number;
  /** Absent: the signature is shown, not verified. */
  readonly signing?: SigningSettings;
  /** What the host has. */
  readonly builtins: { has(name: string): boolean };
  readonly yaml: YamlCodec;
}

/** Throws a BundleError for what no server could read. */
export async function describeBundle(
  content: BundleContent,
  { maxBytes, signing, builtins, yaml }: DescribeOptions,
): Promise<BundleDescription> {
  const files = await readFiles(content, { maxBytes, yaml });
  const bundle = bundleOf(files, anything);
  const { type, revision, manifest } = bundle;
  const signature = describeSignature(files);
  return {
    type,
    revision,
    roots: manifest.roots.map(formatRoot),
    modules: describeModules(manifest, files),
    builtins: 'modules' in bundle ? describeBuiltins(bundle.modules.values(), builtins) : [],
    dataBytes: 'data' in bundle ? joinData(bundle.data).length : 0,
    hasRego: [...files.keys()].some((name) => name.endsWith('.rego')),
    ...(signature && { signature }),
    verification: signing === undefined ? { result: 'unknown' } : verify(files, signing),
  };
}

/** For reading only: nothing that is read so may decide. */
const anything: SignatureCheck = { verify() {}, admitDelta() {} };

function describeModules({ wasm }: Manifest, files: BundleFiles): ModuleDescription[] {
  return Array.from(
    Map.groupBy(wasm, ({ module }) => module),
    ([file, entries]) => ({
      file,
      sizeBytes: files.get(file)?.length ?? 0,
      entrypoints: entries.map(({ entrypoint }) => entrypoint),
    }),
  );
}

function describeBuiltins(
  modules: Iterable<Uint8Array>,
  builtins: DescribeOptions['builtins'],
): BuiltinDescription[] {
  const names = new Set<string>();
  for (const module of new Set(modules)) {
    for (const name of readModule(module).calls.keys()) names.add(name);
  }
  return [...names].toSorted().map((name) => {
    if (builtins.has(name)) return { name, given: 'always' };
    const given = outsideBuiltinNames.has(name) ? 'configured' : 'never';
    return { name, given, refusal: refusalOf(name) };
  });
}

function describeSignature(files: BundleFiles): SignatureDescription | undefined {
  const token = readToken(files);
  if (token === undefined) return undefined;
  const { header, claims } = token;
  return {
    keyId: textOf(header['kid'] ?? claims['keyid']),
    algorithm: textOf(header['alg']),
    scope: textOf(claims['scope']),
  };
}

function verify(files: BundleFiles, signing: SigningSettings): Verification {
  try {
    createSignatureCheck(signing).verify(files);
    return { result: 'good' };
  } catch (error) {
    return { result: 'bad', why: messageOf(error) };
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
