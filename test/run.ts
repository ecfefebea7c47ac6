/**
 * `npm test [-- WORD…]`: brings the real parts that the tests need, then runs every test file whose
 * path has all the words. A file whose parts cannot be had is left out, loudly; in CI that fails.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative } from 'node:path';
import { ensureTool } from './setup/install-tool.ts';
import type { ToolName } from './setup/tools.ts';

/** A hanging test, or test file, fails after this long. */
const testTimeoutMs = 240_000;

/** Which real parts a test file needs, told by its path. */
const needs: readonly { readonly path: RegExp; readonly tools: readonly ToolName[] }[] = [
  { path: /^test\/e2e\//, tools: ['envoy', 'openssl', 'redis-server'] },
  { path: /shop-example/, tools: ['curl'] },
  { path: /redis/, tools: ['redis-server'] },
  { path: /tls|certificate|mounted-files/, tools: ['openssl'] },
  { path: /chart/, tools: ['helm', 'kubeconform', 'kubernetes-schemas', 'openssl'] },
  { path: /dockerfile/, tools: ['hadolint'] },
  { path: /^test\/unit\/(?:policy\/bundles|cli\/bundle\/build)\.test/, tools: ['opa'] },
  { path: /^test\/conformance\/corpus/, tools: ['go', 'opa'] },
];

interface LeftOut {
  readonly file: string;
  readonly missing: readonly string[];
}

process.exitCode = main(process.argv.slice(2));

function main(words: readonly string[]): number {
  const files = testFiles().filter((file) => words.every((word) => file.includes(word)));
  if (files.length === 0) {
    console.error(`No test file has ${words.join(' and ')} in its path.`);
    return 1;
  }
  const missing = installWhatIsNeeded(files);
  const leftOut = files.flatMap((file): LeftOut[] => {
    const sentences = toolsOf(file).flatMap((tool) => missing.get(tool) ?? []);
    return sentences.length === 0 ? [] : [{ file, missing: sentences }];
  });
  const absent = new Set(leftOut.map(({ file }) => file));
  const failed = !runTests(files.filter((file) => !absent.has(file)));
  report(leftOut);
  return failed || (leftOut.length > 0 && process.env['CI'] === 'true') ? 1 : 0;
}

function testFiles(): string[] {
  return readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => relative(process.cwd(), join(import.meta.dirname, name)))
    .toSorted();
}

function toolsOf(file: string): ToolName[] {
  return needs.filter(({ path }) => path.test(file)).flatMap(({ tools }) => tools);
}

/** Returns the sentence of how to bring it for each tool that could not be installed. */
function installWhatIsNeeded(files: readonly string[]): Map<ToolName, string> {
  const missing = new Map<ToolName, string>();
  for (const tool of new Set(files.flatMap(toolsOf))) {
    const sentence = ensureTool(tool);
    if (sentence !== undefined) missing.set(tool, sentence);
  }
  return missing;
}

function runTests(files: readonly string[]): boolean {
  if (files.length === 0) return true;
  const options = [
    `--test-concurrency=${availableParallelism()}`,
    `--test-timeout=${testTimeoutMs}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
  ];
  return (
    spawnSync(process.execPath, ['--test', ...options, ...files], { stdio: 'inherit' }).status === 0
  );
}

function report(leftOut: readonly LeftOut[]): void {
  if (leftOut.length === 0) return;
  const bring = [...new Set(leftOut.flatMap(({ missing }) => missing))];
  console.error(
    [
      '',
      `!!! LEFT OUT, because what they need is not on this machine (${leftOut.length}):`,
      ...leftOut.map(({ file }) => `!!!   ${file}`),
      '!!! To run them too:',
      ...bring.map((sentence) => `!!!   ${sentence}`),
    ].join('\n'),
  );
}
