import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { JsonObject } from '../../src/domain/json.ts';
import { type EnvoyAddress, loopback } from './bootstrap.ts';
import { type RunningProcess, startProcess, waitFor } from './child-process.ts';

const projectRoot = join(import.meta.dirname, '../..');
const exampleBundle = join(projectRoot, 'bundles/example.tar.gz');

export type Transport = 'tcp' | 'unix';

interface Sections extends JsonObject {
  /** Beside the address. */
  readonly server?: JsonObject;
}

export interface SallyportOptions {
  readonly directory: string;
  readonly transport: Transport;
  /** Sections of sallyport.yaml that the test wants otherwise. */
  readonly sections?: Sections;
  /** The list in limits.yaml; absent: nothing is limited. */
  readonly limits?: readonly JsonObject[];
  /** The path of a bundle; absent: the example. */
  readonly bundle?: string;
  /** Absent: the system picks one. */
  readonly port?: number;
  /** Whether the start is over when the server listens, ready or not. */
  readonly startsUnready?: boolean;
}

export interface Sallyport {
  readonly process: RunningProcess;
  readonly address: EnvoyAddress;
  /** The decision records that it has written so far. */
  records(): JsonObject[];
  metrics(): Promise<string>;
  /** What `/readyz` answers. */
  readiness(): Promise<{ status: number; body: string }>;
  /** One sample of /metrics, by its name and labels as they are written there. */
  metric(sample: string): Promise<number>;
}

/** Starts the real server as a child process, and waits until it says that it is ready. */
export async function startSallyport(options: SallyportOptions): Promise<Sallyport> {
  const { directory } = options;
  writeConfiguration(options);
  const main = join(projectRoot, 'src/main.ts');
  const configuration = join(directory, 'sallyport.yaml');
  const program = startProcess(process.execPath, [main, 'serve', '-c', configuration]);
  const admin = adminSocket(directory);
  const isUp = options.startsUnready === true ? () => listens(program) : () => readyOn(admin);
  await waitFor('Sallyport up', isUp, { program });
  const metrics = async () => (await get(admin, '/metrics')).body;
  return {
    process: program,
    address: await addressOf(program, options),
    records: () => readRecords(directory),
    metrics,
    readiness: () => get(admin, '/readyz'),
    metric: async (sample) => sampleOf(await metrics(), sample),
  };
}

/** Also used to change the configuration of a running server. */
export function writeConfiguration(options: SallyportOptions): void {
  const { directory, transport, limits, bundle = exampleBundle, port = 0 } = options;
  const { server = {}, ...sections } = options.sections ?? {};
  const file = { path: join(directory, 'decisions.jsonl') };
  const configuration = {
    server: {
      address: transport === 'tcp' ? `127.0.0.1:${port}` : `unix:${checkSocket(directory)}`,
      // Tests share their machine with other tests: only what is meant to be late is late.
      checkTimeout: '4s',
      ...server,
    },
    admin: { address: `unix:${adminSocket(directory)}` },
    identity: { trustDomains: ['shop.example'] },
    policy: { bundle, decision: 'envoy/authz/allow' },
    audit: { stdout: false, file },
    ...(limits === undefined ? {} : { limits: 'limits.yaml' }),
    ...sections,
  };
  // JSON is YAML.
  writeFileSync(join(directory, 'sallyport.yaml'), JSON.stringify(configuration, null, 2));
  if (limits !== undefined) {
    writeFileSync(join(directory, 'limits.yaml'), JSON.stringify({ version: 1, limits }, null, 2));
  }
}

function adminSocket(directory: string): string {
  return join(directory, 'admin.sock');
}

function checkSocket(directory: string): string {
  return join(directory, 'grpc.sock');
}

/** The server says on its standard error where it listens. */
function addressOf(program: RunningProcess, { directory, transport }: SallyportOptions) {
  if (transport === 'unix') return { pipe: { path: checkSocket(directory) } };
  return waitFor('the port', () => boundPort(program.stderr()), { program });
}

function boundPort(stderr: string): EnvoyAddress | undefined {
  const port = /^\s*checks +127\.0\.0\.1:(\d+)/m.exec(stderr)?.[1];
  return port === undefined ? undefined : loopback(Number(port));
}

function listens(program: RunningProcess): true | undefined {
  return /^\s*checks /m.test(program.stderr()) ? true : undefined;
}

async function readyOn(admin: string): Promise<true | undefined> {
  try {
    return (await get(admin, '/readyz')).status === 200 ? true : undefined;
  } catch {
    return undefined;
  }
}

function get(socketPath: string, path: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, timeout: 5_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

function readRecords(directory: string): JsonObject[] {
  const file = join(directory, 'decisions.jsonl');
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as JsonObject);
}

function sampleOf(metrics: string, sample: string): number {
  const line = metrics.split('\n').find((text) => text.startsWith(`${sample} `));
  return line === undefined ? 0 : Number(line.slice(sample.length + 1));
}
