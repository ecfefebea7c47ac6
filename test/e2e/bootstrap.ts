import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { CertificateAuthority } from './certificates.ts';

export type Bootstrap = Record<string, unknown>;

export interface Surroundings {
  readonly authority: CertificateAuthority;
  readonly upstreamPort: number;
  /** Envoy's form of each replica's address. */
  readonly sallyports: readonly EnvoyAddress[];
}

export type EnvoyAddress =
  | { readonly pipe: { readonly path: string } }
  | { readonly socket_address: { readonly address: string; readonly port_value: number } };

const document = join(import.meta.dirname, '../../docs/envoy.md');
const extAuthzName = 'envoy.filters.http.ext_authz';

/** docs/envoy.md's own configuration, with only the addresses and files of the test put in. */
export function documentedBootstrap(surroundings: Surroundings): Bootstrap {
  const bootstrap = parse(snippetOf('# envoy.yaml')) as Bootstrap;
  objectAt(bootstrap, 'admin')['address'] = loopback(0);
  objectAt(bootstrap, 'static_resources', 'listeners', 0)['address'] = loopback(0);
  const { authority, sallyports, upstreamPort } = surroundings;
  setCertificates(tlsContext(bootstrap), authority);
  setEndpoints(cluster(bootstrap, 'sallyport'), sallyports);
  setEndpoints(cluster(bootstrap, 'shop'), [loopback(upstreamPort)]);
  return bootstrap;
}

/** The YAML block of docs/envoy.md that begins with a comment. */
export function snippetOf(comment: string): string {
  const blocks = readFileSync(document, 'utf8').matchAll(/^```yaml\n([\s\S]*?)^```$/gm);
  for (const [, block = ''] of blocks) if (block.startsWith(comment)) return block;
  throw new Error(`docs/envoy.md has no YAML block that begins with ${comment}`);
}

export function connectionManager(bootstrap: Bootstrap): Bootstrap {
  return objectAt(bootstrap, ...firstChain, 'filters', 0, 'typed_config');
}

export function extAuthz(bootstrap: Bootstrap): Bootstrap {
  const filters = listAt(connectionManager(bootstrap), 'http_filters');
  return objectAt(named(filters, extAuthzName), 'typed_config');
}

export function cluster(bootstrap: Bootstrap, name: string): Bootstrap {
  return named(listAt(objectAt(bootstrap, 'static_resources'), 'clusters'), name);
}

/** Waits that long for a check, on a machine that may be busy with other tests. */
export function setCheckTimeout(bootstrap: Bootstrap, timeout: string): void {
  objectAt(extAuthz(bootstrap), 'grpc_service')['timeout'] = timeout;
}

export function loopback(port: number): EnvoyAddress {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}

export function objectAt(root: Bootstrap, ...path: readonly (string | number)[]): Bootstrap {
  let value: unknown = root;
  for (const step of path) value = (value as Record<string | number, unknown>)[step];
  if (typeof value !== 'object' || value === null) throw new Error(`nothing at ${path.join('.')}`);
  return value as Bootstrap;
}

export function listAt(root: Bootstrap, key: string): Bootstrap[] {
  const list = root[key];
  if (!Array.isArray(list)) throw new Error(`no list at ${key}`);
  return list as Bootstrap[];
}

const firstChain = ['static_resources', 'listeners', 0, 'filter_chains', 0] as const;

function tlsContext(bootstrap: Bootstrap): Bootstrap {
  const context = [
    ...firstChain,
    'transport_socket',
    'typed_config',
    'common_tls_context',
  ] as const;
  return objectAt(bootstrap, ...context);
}

function setCertificates(context: Bootstrap, authority: CertificateAuthority): void {
  const server = authority.issue('envoy', 'DNS:localhost,IP:127.0.0.1');
  context['tls_certificates'] = [
    {
      certificate_chain: { filename: server.certificate },
      private_key: { filename: server.privateKey },
    },
  ];
  objectAt(context, 'validation_context')['trusted_ca'] = { filename: authority.certificate };
}

function setEndpoints(target: Bootstrap, addresses: readonly EnvoyAddress[]): void {
  // Envoy resolves names only in DNS clusters, and paths only in static ones.
  target['type'] = 'STATIC';
  objectAt(target, 'load_assignment', 'endpoints', 0)['lb_endpoints'] = addresses.map(
    (address) => ({ endpoint: { address } }),
  );
}

function named(list: readonly Bootstrap[], name: string): Bootstrap {
  const found = list.find((item) => item['name'] === name);
  if (found === undefined) throw new Error(`nothing is named ${name}`);
  return found;
}
