import type { Identity } from './certificates.ts';

/** A workload that is called: the Envoy before it listens here. */
export interface Sidecar {
  readonly name: string;
  readonly port: number;
  readonly identity: Identity;
}

export interface Mesh {
  readonly sidecars: readonly Sidecar[];
  /** The file of its authorities, by trust domain. */
  readonly authorities: Readonly<Record<string, string>>;
  /** Of Sallyport. */
  readonly socket: string;
  readonly upstreamPort: number;
}

const type = (name: string): string => `type.googleapis.com/envoy.extensions.${name}`;

/**
 * One Envoy in the place of a sidecar for each workload. What is left out here, and why it should be
 * there, is in docs/envoy.md.
 */
export function envoyConfig(mesh: Mesh): object {
  const { sidecars, socket, upstreamPort } = mesh;
  return {
    static_resources: {
      listeners: sidecars.map((sidecar) => listener(sidecar, mesh)),
      clusters: [
        cluster(
          'sallyport',
          { pipe: { path: socket } },
          {
            typed_extension_protocol_options: {
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                '@type': type('upstreams.http.v3.HttpProtocolOptions'),
                explicit_http_config: { http2_protocol_options: {} },
              },
            },
          },
        ),
        cluster('shop', loopback(upstreamPort), {}),
      ],
    },
  };
}

function listener({ name, port, identity }: Sidecar, { authorities }: Mesh): object {
  return {
    name,
    address: loopback(port),
    filter_chains: [
      {
        transport_socket: {
          name: 'envoy.transport_sockets.tls',
          typed_config: {
            '@type': type('transport_sockets.tls.v3.DownstreamTlsContext'),
            require_client_certificate: true,
            common_tls_context: {
              tls_certificates: [
                {
                  certificate_chain: { filename: identity.certificate },
                  private_key: { filename: identity.privateKey },
                },
              ],
              validation_context: { custom_validator_config: validator(authorities) },
            },
          },
        },
        filters: [connectionManager(name)],
      },
    ],
  };
}

/** Each authority speaks for its own trust domain only. */
function validator(authorities: Mesh['authorities']): object {
  return {
    name: 'envoy.tls.cert_validator.spiffe',
    typed_config: {
      '@type': type('transport_sockets.tls.v3.SPIFFECertValidatorConfig'),
      trust_domains: Object.entries(authorities).map(([name, filename]) => ({
        name,
        trust_bundle: { filename },
      })),
    },
  };
}

function connectionManager(name: string): object {
  const route = { match: { prefix: '/' }, route: { cluster: 'shop' } };
  return {
    name: 'envoy.filters.network.http_connection_manager',
    typed_config: {
      '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
      stat_prefix: name,
      normalize_path: true,
      merge_slashes: true,
      path_with_escaped_slashes_action: 'REJECT_REQUEST',
      http_filters: [
        {
          name: 'envoy.filters.http.ext_authz',
          typed_config: {
            '@type': type('filters.http.ext_authz.v3.ExtAuthz'),
            transport_api_version: 'V3',
            grpc_service: { timeout: '5s', envoy_grpc: { cluster_name: 'sallyport' } },
            status_on_error: { code: 'ServiceUnavailable' },
            encode_raw_headers: true,
            validate_mutations: true,
          },
        },
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': type('filters.http.router.v3.Router') },
        },
      ],
      route_config: { virtual_hosts: [{ name, domains: ['*'], routes: [route] }] },
    },
  };
}

function cluster(name: string, address: object, rest: object): object {
  return {
    name,
    type: 'STATIC',
    connect_timeout: '1s',
    load_assignment: {
      cluster_name: name,
      endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }],
    },
    ...rest,
  };
}

function loopback(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
