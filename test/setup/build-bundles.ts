/**
 * Compiles policies/NAME into bundles/NAME.tar.gz, and the tests' own likewise. `--check` compiles
 * aside and exits 1 when a committed bundle is not what its policy compiles to.
 */
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { compileBundle } from '../../src/policy/bundle-tools/compile-bundle.ts';
import { writeArchive } from '../../src/policy/bundle-tools/write-archive.ts';
import { findTool } from './find-tool.ts';

const root = resolve(import.meta.dirname, '../..');
/** What answers; in most policies the rule that opa-envoy-plugin asks for by default. */
const decisions: Readonly<Record<string, string>> = { access: 'sallyport/access/decision' };
const usualDecision = 'envoy/authz/allow';
const testFiles = '*_test.rego';

/** Where policies are, and where their bundles go. */
const homes = [
  { policies: join(root, 'policies'), bundles: join(root, 'bundles') },
  { policies: join(root, 'test/fixtures/policies'), bundles: join(root, 'test/fixtures/bundles') },
];

process.exitCode = await main(process.argv.slice(2));

async function main(options: readonly string[]): Promise<number> {
  const opa = findTool('opa');
  if (opa === undefined) {
    console.error('opa is missing: run npm test, which installs it');
    return 2;
  }
  let status = 0;
  for (const { source, bundle } of listPolicies()) {
    const built = await build(opa, source);
    if (!options.includes('--check')) {
      mkdirSync(dirname(bundle), { recursive: true });
      writeFileSync(bundle, built);
    } else if (!holdsTheSame(bundle, built)) {
      console.error(
        `${relative(root, bundle)} is not what ${relative(root, source)} compiles to: ` +
          'run node test/setup/build-bundles.ts and commit the result',
      );
      status = 1;
    }
  }
  return status;
}

function listPolicies(): { source: string; bundle: string }[] {
  return homes.flatMap(({ policies, bundles }) =>
    readdirSync(policies, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => ({
        source: join(policies, name),
        bundle: join(bundles, `${name}.tar.gz`),
      })),
  );
}

async function build(opa: string, source: string): Promise<Buffer> {
  const sources = {
    paths: [source],
    entrypoints: [decisions[basename(source)] ?? usualDecision],
    revision: revisionOf(source),
    ignore: [testFiles],
  };
  return writeArchive(await compileBundle(sources, { command: opa, environment: process.env }));
}

/** Follows from the sources, so that nobody has to think of it, and no two policies share one. */
function revisionOf(source: string): string {
  const hash = createHash('sha256');
  const files = globSync('**/*.{rego,json}', { cwd: source, exclude: [`**/${testFiles}`] });
  for (const file of files.toSorted()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(source, file)))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 12);
}

/** Compares what is packed: deflate may choose other bytes on another processor. */
function holdsTheSame(bundle: string, built: Buffer): boolean {
  return existsSync(bundle) && gunzipSync(readFileSync(bundle)).equals(gunzipSync(built));
}
