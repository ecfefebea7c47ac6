import { EventEmitter } from 'node:events';
import type { ListenAddress } from '../../../src/domain/listen-address.ts';
import { buildBundle, inspectBundle, tryBundle } from '../../../src/app/policy/bundle-tools.ts';
import { simulateLimits } from '../../../src/app/limits/simulate-limits.ts';
import type { App } from '../../../src/app/app.ts';
import type { CliContext } from '../../../src/cli/context.ts';
import { run } from '../../../src/cli/run.ts';
import type { CheckRequest, CheckResponse } from '../../../src/server/check-client.ts';

/** A command's run with what it said and asked, and a world that answers as it is told. */
export class FakeWorld {
  stdout = '';
  stderr = '';
  aborted = false;
  closed = 0;
  usedRules = new Set<string>();
  readonly asked: CheckRequest[] = [];
  readonly servers: ListenAddress[] = [];
  readonly signals = new EventEmitter();
  /** What is answered in turn; the last again and again. */
  responses: CheckResponse[] = [{}];
  app: App = { start: () => Promise.reject(new Error('no app')), stop: () => Promise.resolve() };

  run(...args: string[]): Promise<0 | 1 | 2> {
    return run(args, this.context);
  }

  readonly context: CliContext = {
    stdout: { write: (text) => (this.stdout += text) },
    stderr: { write: (text) => (this.stderr += text) },
    environment: {},
    version: '1.2.3',
    program: 'sallyport',
    defaultConfig: 'examples/quickstart/sallyport.yaml',
    signals: this.signals,
    abort: () => {
      this.aborted = true;
    },
    createApp: () => Promise.resolve(this.app),
    createCheckClient: (address) => {
      this.servers.push(address);
      return Promise.resolve(this.#client);
    },
    createOfflineChecker: () => Promise.resolve({ ...this.#client, usedRules: this.usedRules }),
    inspectConfiguration: () => Promise.resolve([]),
    buildBundle,
    inspectBundle,
    tryBundle,
    simulateLimits,
  };

  readonly #client = {
    check: (request: CheckRequest): Promise<CheckResponse> => {
      this.asked.push(request);
      const [response = {}] = this.responses;
      if (this.responses.length > 1) this.responses.shift();
      return Promise.resolve(response);
    },
    close: (): void => {
      this.closed += 1;
    },
  };
}
