import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { Authority } from './certificates.ts';
import { envoyConfig } from './envoy-config.ts';
import { freePorts, listen, type Program, run, start, until } from './programs.ts';
import { createTokenIssuer } from './token-issuer.ts';
import { called, workloads } from './workloads.ts';

export const example = join(import.meta.dirname, '..');
export const main = join(example, '../../src/main.ts');

const authorities = { 'shop.example': 'shop', 'partner.example': 'partner' } as const;

/** For each trust domain an authority, for each workload a certificate of its own. */
export function makeCertificates(folder: string): void {
  for (const [domain, name] of Object.entries(authorities)) {
    const authority = new Authority(folder, name);
    for (const [workload, id] of Object.entries(workloads)) {
      if (id.startsWith(`spiffe://${domain}/`)) authority.issue(workload, id);
    }
  }
}

export async function startIssuer(): Promise<{ server: Server; url: string }> {
  const server = createTokenIssuer('https://tokens.shop.example');
  return { server, url: `http://127.0.0.1:${await listen(server)}` };
}

/** With the example's own configuration, and what is different on this machine. */
export async function startSallyport(
  folder: string,
  issuer: string,
): Promise<{ program: Program; page: string }> {
  const [adminPort] = await freePorts(1);
  const page = `http://127.0.0.1:${adminPort}/`;
  const file = join(folder, 'sallyport.yaml');
  const config = parseDocument(readFileSync(join(example, 'sallyport.yaml'), 'utf8'));
  config.set('server', { address: `unix:${join(folder, 'grpc.sock')}` });
  config.set('admin', { address: `127.0.0.1:${adminPort}`, tokenFile: 'admin.token' });
  config.setIn(['identity', 'jwt', 0, 'jwks', 'url'], `${issuer}/jwks`);
  config.set('access', join(example, 'access.yaml'));
  config.set('limits', join(example, 'limits.yaml'));
  config.set('audit', config.createNode({ stdout: false, file: { path: 'decisions.jsonl' } }));
  writeFileSync(file, String(config));
  writeFileSync(join(folder, 'admin.token'), crypto.randomUUID(), { mode: 0o600 });
  const program = start(
    process.execPath,
    [main, 'serve', '-c', file],
    join(folder, 'sallyport.log'),
  );
  await until('Sallyport', async () => (await fetch(`${page}readyz`)).ok, program);
  return { program, page };
}

export interface RunningEnvoy extends Program {
  /** By the name of the workload that it stands before. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Undefined where there is none: `ENVOY` says where one is, if it is not on the PATH. */
export async function startEnvoy(folder: string): Promise<RunningEnvoy | undefined> {
  const { ENVOY: envoy = 'envoy' } = process.env;
  const isThere = await run(envoy, ['--version']).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const upstream = createServer(({ method, url, headers }, response) => {
    response.end(`${JSON.stringify({ method, url, headers }, null, 2)}\n`);
  });
  const path = (name: string): string => join(folder, name);
  const ports = await freePorts(called.length);
  const sidecars = called.map((name, at) => ({
    name,
    port: ports[at] ?? 0,
    identity: { certificate: path(`${name}.crt`), privateKey: path(`${name}.key`) },
  }));
  const config = envoyConfig({
    sidecars,
    authorities: Object.fromEntries(
      Object.entries(authorities).map(([domain, name]) => [domain, path(`${name}.crt`)]),
    ),
    socket: path('grpc.sock'),
    upstreamPort: await listen(upstream),
  });
  writeFileSync(path('envoy.json'), JSON.stringify(config, null, 2));
  const flags = ['--disable-hot-restart', '--concurrency', '1', '--log-level', 'warn'];
  const program = start(envoy, ['-c', path('envoy.json'), ...flags], path('envoy.log'));
  for (const { port } of sidecars) await until('Envoy', () => accepts(port), program);
  return {
    ...program,
    ports: Object.fromEntries(sidecars.map(({ name, port }) => [name, port])),
    stop: async () => {
      await program.stop();
      upstream.close();
      upstream.closeAllConnections();
    },
  };
}

/** Lets the operators' console look into orders. Resolves with the grant's id. */
export async function grant(folder: string): Promise<string> {
  const order = ['--from', workloads.console, '--to', 'orders', '--methods', 'GET', '--for', '30m'];
  const why = ['--reason', 'to see how a grant works', '--by', 'shop'];
  const config = ['-c', join(folder, 'sallyport.yaml')];
  const { stdout } = await run(process.execPath, [
    main,
    'grant',
    'add',
    ...order,
    ...why,
    ...config,
  ]);
  const [id = ''] = stdout.split(' ');
  return id;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isOpen: boolean): void => {
      socket.destroy();
      resolve(isOpen);
    };
    socket.once('connect', () => {
      answer(true);
    });
    socket.once('error', () => {
      answer(false);
    });
  });
}
