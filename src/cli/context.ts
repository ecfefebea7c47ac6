import type { ListenAddress } from '../domain/listen-address.ts';
import type { App } from '../app/app.ts';
import type { BuildRequest, SubmittedBundle } from '../app/policy/bundle-tools.ts';
import type { OfflineChecker } from '../app/gate/offline-checker.ts';
import type { Loaded } from '../config/loaded.ts';
import type { ConfigSource } from '../app/reloader.ts';
import type { SimulationReport } from '../app/limits/simulate-limits.ts';
import type { Config } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import type { Problem } from '../config/problem.ts';
import type { SigningSettings } from '../domain/bundle-settings.ts';
import type { BundleDescription } from '../policy/bundle-tools/describe-bundle.ts';
import type { CheckClient, CheckClientTls } from '../server/check-client.ts';

/** 0: yes. 1: the answer is no. 2: it could not be asked. */
export type ExitStatus = 0 | 1 | 2;

/** What the commands touch of the world, so that a test can hand them another. */
export interface CliContext extends Wiring {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Environment;
  readonly version: string;
  /** How a person calls this program here: `sallyport`, or through npm from a checkout. */
  readonly program: string;
  /** The configuration of those who bring none. */
  readonly defaultConfig: string;
  readonly signals: Signals;
  /** Ends the process without waiting for anything. */
  readonly abort: () => void;
}

export interface Output {
  write(text: string): unknown;
}

export interface Signals {
  on(signal: 'SIGTERM' | 'SIGINT', listener: () => void): unknown;
}

/** What `app` and `server` make; loaded when a command needs it. */
export interface Wiring {
  createApp(config: Config, source: ConfigSource): Promise<App>;
  createCheckClient(address: ListenAddress, tls?: CheckClientTls): Promise<CheckClient>;
  /** Decides in this process, with everything that a server would decide with. */
  createOfflineChecker(config: Config, givenIssuers?: ReadonlySet<string>): Promise<OfflineChecker>;
  /** What only loading shows: of the bundle, the descriptor. */
  inspectConfiguration(config: Config): Promise<readonly Problem[]>;
  /** Rejects with a BundleError for what does not compile. */
  buildBundle(request: BuildRequest, environment: Environment): Promise<Uint8Array>;
  /** What is in a bundle's file or folder. */
  inspectBundle(path: string, signing?: SigningSettings): Promise<Loaded<BundleDescription>>;
  /** Would a server with this configuration take it, and which revision would decide. */
  tryBundle(
    config: Config,
    submitted: SubmittedBundle,
  ): Promise<Loaded<{ readonly revision: string }>>;
  /** Replays a decision log; rejects when it cannot be read. */
  simulateLimits(limitsFile: string, log: string): Promise<Loaded<SimulationReport>>;
}
