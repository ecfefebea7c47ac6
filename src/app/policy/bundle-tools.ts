import type { Environment } from '../../config/environment.ts';
import type { Config } from '../../config/config.ts';
import { parsePlainYaml } from '../../config/yaml/plain-yaml.ts';
import { systemClock } from '../../domain/clock.ts';
import type { BundleSettings, SigningSettings } from '../../domain/bundle-settings.ts';
import {
  type BundleDescription,
  describeBundle,
} from '../../policy/bundle-tools/describe-bundle.ts';
import { compileBundle, type Sources } from '../../policy/bundle-tools/compile-bundle.ts';
import { type BundleSigner, signBundle } from '../../policy/bundle-tools/sign-bundle.ts';
import { writeArchive } from '../../policy/bundle-tools/write-archive.ts';
import { createLocalSource } from '../../policy/bundles/sources/local-source.ts';
import { hostBuiltins } from '../../policy/rego/builtins.ts';
import { createIsolatedSurroundings } from '../gate/isolated-surroundings.ts';
import { GateKeeper } from '../gate/gate-keeper.ts';
import { type Loaded, loadedFrom } from '../../config/loaded.ts';
import { policyBuiltins } from './policy-builtins.ts';
import { PolicyBundles } from './policy-bundles.ts';

/** Twice what servers take by default. A person may look at a bundle of anybody's; it takes thrice that. */
const maxBytes = 512 * 1024 ** 2;

const builtins = {
  has: (name: string) => hostBuiltins.has(name) || Object.hasOwn(policyBuiltins, name),
};

/** What is in a .tar.gz, or in a folder with the same files. */
export function inspectBundle(
  path: string,
  signing?: SigningSettings,
): Promise<Loaded<BundleDescription>> {
  return loadedFrom(path, async () => {
    const fetched = await createLocalSource(path, maxBytes).fetch(
      undefined,
      new AbortController().signal,
    );
    if (fetched.outcome === 'unchanged') throw new Error('there is nothing to describe');
    const yaml = { parse: parsePlainYaml };
    const options = { maxBytes, builtins, yaml, ...(signing && { signing }) };
    return describeBundle(fetched.content, options);
  });
}

/** A bundle that a server might be given. */
export interface SubmittedBundle {
  /** Of the bundle in the configuration whose place it would take. */
  readonly name: string;
  /** A .tar.gz, or a folder. */
  readonly path: string;
  /** Instead of what the configuration says. */
  readonly signing?: SigningSettings;
}

/**
 * Loads it as a server with this configuration would, together with the other bundles; their
 * servers are asked. The revision that would decide, or why none would.
 */
export async function tryBundle(
  config: Config,
  submitted: SubmittedBundle,
): Promise<Loaded<{ readonly revision: string }>> {
  const bundles = config.policy.bundles.map((settings) => inPlaceOf(settings, submitted));
  // Limits and an access document have no say in it.
  const { limits: _limits, access: _access, ...alone } = config;
  const wanted = { ...alone, policy: { ...config.policy, bundles } };
  const gate = await GateKeeper.open(wanted, createIsolatedSurroundings(systemClock));
  if ('problems' in gate) return gate;
  const set = new PolicyBundles(gate.value, systemClock, { checked: () => {} });
  const faults = await set.open();
  const problems = faults.length > 0 ? faults : await set.refreshAll();
  if (problems.length > 0) return { problems };
  return { value: { revision: gate.value.served.policy.identity.revision } };
}

/** Nothing is kept on disk: that is the server's. */
function inPlaceOf(
  { persistDirectory: _folder, ...settings }: BundleSettings,
  { name, path, signing }: SubmittedBundle,
): BundleSettings {
  if (settings.name !== name) return settings;
  return { ...settings, source: { kind: 'local', path }, ...(signing && { signing }) };
}

export interface BuildRequest extends Sources {
  /** Absent: it is not signed. */
  readonly signer?: BundleSigner;
}

/** A .tar.gz; see `compileBundle` and `signBundle` for what it rejects with. */
export async function buildBundle(
  { signer, ...sources }: BuildRequest,
  environment: Environment,
): Promise<Uint8Array> {
  const files = await compileBundle(sources, { command: 'opa', environment });
  return writeArchive(signer === undefined ? files : signBundle(files, signer));
}
