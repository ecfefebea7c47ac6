/** What a key of OPA's configuration is here. */
export type OpaKey =
  /** The key of sallyport.yaml that it stands for. */
  | { readonly to: string; readonly as?: (text: string) => string }
  /** What is not done, and changes no decision. */
  | { readonly warning: string }
  /** What is not done, and would change decisions; harmless while it is false. */
  | { readonly problem: string }
  /** Each key for itself; written, though empty, it is the section `to`. */
  | { readonly keys: OpaKeys; readonly within?: string };

export type OpaKeys = Readonly<Record<string, OpaKey>>;

const meaningless: OpaKey = { warning: 'has no meaning here, and is left out' };
const later: OpaKey = { warning: 'is not done by this version, and is left out' };

/** opa-envoy-plugin's. */
const plugin: OpaKey = {
  keys: {
    addr: { to: 'server.address', as: addressOf },
    path: { to: 'policy.decision', as: (path) => path.replaceAll(/^\/+|\/+$/g, '') },
    query: { problem: 'is not available: name the rule in path' },
    'dry-run': { problem: 'is not available: a gate that lets everybody through is none' },
    'enable-reflection': later,
    'proto-descriptor': { to: 'policy.protoDescriptor' },
    'grpc-max-recv-msg-size': { to: 'server.maxMessage', as: (bytes) => `${bytes}B` },
    'grpc-max-send-msg-size': meaningless,
    'skip-request-body-parse': { to: 'policy.skipRequestBodyParse' },
    'enable-performance-metrics': meaningless,
    'grpc-request-duration-seconds-buckets': meaningless,
  },
};

export const opaKeys: OpaKeys = {
  services: { to: 'policy.opa.services' },
  keys: { to: 'policy.opa.keys' },
  bundles: { to: 'policy.opa.bundles' },
  persistence_directory: { to: 'policy.opa.persistence_directory' },
  labels: { to: 'audit.labels' },
  decision_logs: {
    keys: {
      console: { to: 'audit.stdout' },
      service: later,
      partition_name: later,
      resource: later,
      reporting: later,
      plugin: later,
      nd_builtin_cache: later,
      request_context: later,
      mask_decision: { problem: 'is not available: what it masks would be written down' },
      drop_decision: { problem: 'is not available: what it drops would be written down' },
    },
  },
  plugins: { keys: { envoy_ext_authz_grpc: plugin, 'envoy.ext_authz.grpc': plugin } },
  bundle: { problem: 'is not available: write bundles, by name' },
  discovery: { problem: 'is not available: the policies that it names would be missing' },
  status: {
    within: 'policy.opa.status',
    keys: {
      service: { to: 'policy.opa.status.service' },
      partition_name: { to: 'policy.opa.status.partition_name' },
      console: { to: 'policy.opa.status.console' },
      prometheus: { to: 'policy.opa.status.prometheus' },
      prometheus_config: meaningless,
      trigger: meaningless,
      plugin: later,
    },
  },
  metrics_export: later,
  distributed_tracing: later,
  nd_builtin_cache: later,
  caching: meaningless,
  default_decision: meaningless,
  default_authorization_decision: meaningless,
  server: meaningless,
  storage: meaningless,
};

/** What OPA does where its configuration is silent and Sallyport would do otherwise. */
export const opaDefaults: readonly (readonly [key: string, text: string])[] = [
  ['identity.require', 'none'],
  ['audit.stdout', 'false'],
];

/** `:9191`, `grpc://host:port`, `unix://path`, as far as they can be listened on here. */
function addressOf(addr: string): string {
  if (addr.startsWith('unix://')) return `unix:${addr.slice('unix://'.length)}`;
  const address = addr.replace(/^grpc:\/\//, '');
  return address.startsWith(':') ? `0.0.0.0${address}` : address;
}
