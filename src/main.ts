#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { version } from './app/version.ts';
import type { CliContext, Wiring } from './cli/context.ts';
import { run } from './cli/run.ts';

/** Loaded when a command needs it: `--version` and `check` need no policy engine. */
const wiring: Wiring = {
  createApp: async (config, source) => (await import('./app/app.ts')).createApp(config, source),
  createCheckClient: async (address, tls) =>
    (await import('./server/check-client.ts')).createCheckClient(address, tls),
  createOfflineChecker: async (config, givenIssuers) =>
    (await import('./app/gate/offline-checker.ts')).createOfflineChecker(config, givenIssuers),
  inspectConfiguration: async (config) =>
    (await import('./app/gate/inspect-configuration.ts')).inspectConfiguration(config),
  buildBundle: async (request, environment) =>
    (await import('./app/policy/bundle-tools.ts')).buildBundle(request, environment),
  inspectBundle: async (path, signing) =>
    (await import('./app/policy/bundle-tools.ts')).inspectBundle(path, signing),
  tryBundle: async (config, submitted) =>
    (await import('./app/policy/bundle-tools.ts')).tryBundle(config, submitted),
  simulateLimits: async (limitsFile, log) =>
    (await import('./app/limits/simulate-limits.ts')).simulateLimits(limitsFile, log),
};

const context: CliContext = {
  ...wiring,
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
  version,
  program: import.meta.url.endsWith('.ts') ? 'npm run -s sallyport --' : 'sallyport',
  defaultConfig: fileURLToPath(new URL('../examples/quickstart/sallyport.yaml', import.meta.url)),
  signals: process,
  abort: () => process.exit(1),
};

const args = process.argv.slice(2);

// `check … | head -1`: nobody reads on. A server serves on; its records count what they lose.
process.stdout.on('error', () => {
  if (args[0] !== 'serve') process.exit(2);
});

process.exitCode = await run(args, context);
