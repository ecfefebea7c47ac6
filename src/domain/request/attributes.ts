/**
 * What Envoy says about a request: `envoy.service.auth.v3.AttributeContext` in the form that
 * opa-envoy-plugin gives to policies: lowerCamel names, only the fields that were populated,
 * `google.protobuf.Struct` as a plain object, enums as numbers.
 *
 * Every map is an object without a prototype, so a header called `constructor` or `__proto__` is
 * a header and nothing else.
 */
export interface AttributeContext {
  source?: Peer;
  destination?: Peer;
  request?: RequestAttributes;
  contextExtensions?: Record<string, string>;
  metadataContext?: Metadata;
  routeMetadataContext?: Metadata;
  tlsSession?: { sni?: string };
}

export interface Peer {
  address?: Address;
  service?: string;
  labels?: Record<string, string>;
  principal?: string;
  /** URL-encoded PEM; only with Envoy's `include_peer_certificate`. */
  certificate?: string;
}

export interface Address {
  socketAddress?: SocketAddress;
  pipe?: { path?: string; mode?: number };
  envoyInternalAddress?: { serverListenerName?: string; endpointId?: string };
}

export interface SocketAddress {
  protocol?: number;
  address?: string;
  portValue?: number;
  namedPort?: string;
  resolverName?: string;
  ipv4Compat?: boolean;
}

export interface RequestAttributes {
  time?: { seconds?: number; nanos?: number };
  http?: HttpAttributes;
}

export interface HttpAttributes {
  id?: string;
  method?: string;
  /** Lower-case names; duplicates joined with `,`. Empty with Envoy's `encode_raw_headers`. */
  headers?: Record<string, string>;
  path?: string;
  host?: string;
  scheme?: string;
  query?: string;
  fragment?: string;
  size?: number;
  protocol?: string;
  body?: string;
  rawBody?: Uint8Array;
  headerMap?: { headers?: HeaderMapEntry[] };
}

export interface HeaderMapEntry {
  key?: string;
  value?: string;
  rawValue?: Uint8Array;
}

export interface Metadata {
  filterMetadata?: Record<string, unknown>;
  typedFilterMetadata?: Record<string, { typeUrl?: string; value?: Uint8Array }>;
}
