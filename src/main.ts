#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CliContext, Wiring } from './cli/context.ts';
import { run } from './cli/run.ts';

/** Loaded when a command needs it: `--version` and `check` need no policy engine. */
const wiring: Wiring = {
  createApp: async (config, source) => (await import('./app.ts')).createApp(config, source),
  createCheckClient: async (address) =>
    (await import('./server/check-client.ts')).createCheckClient(address),
  createOfflineChecker: async (config) => (await import('./app.ts')).createOfflineChecker(config),
  inspectConfiguration: async (config) => (await import('./app.ts')).inspectConfiguration(config),
};

const context: CliContext = {
  ...wiring,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  version: versionOf(new URL('../package.json', import.meta.url)),
  program: import.meta.url.endsWith('.ts') ? 'npm run -s sallyport --' : 'sallyport',
  defaultConfig: fileURLToPath(new URL('../examples/quickstart/sallyport.yaml', import.meta.url)),
  signals: process,
  abort: () => process.exit(1),
};

function versionOf(packageFile: URL): string {
  const contents: unknown = JSON.parse(readFileSync(packageFile, 'utf8'));
  const known = typeof contents === 'object' && contents !== null && 'version' in contents;
  return known ? String(contents.version) : 'unknown';
}

const args = process.argv.slice(2);

// `check … | head -1`: nobody reads on. A server serves on; its records count what they lose.
process.stdout.on('error', () => {
  if (args[0] !== 'serve') process.exit(2);
});

process.exitCode = await run(args, context);
