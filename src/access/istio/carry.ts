import { normaliseHost } from '../../domain/request/host.ts';
import { pathPatternFault } from '../../domain/request/path-pattern.ts';
import { parsePrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import type { Part } from './written.ts';

/**
 * What one condition of Istio is in an access document: `narrow` matches nothing that Istio would
 * not, and `wide` everything that Istio would. Absent, there is none: no narrow one matches anything,
 * and no wide one leaves anything out.
 */
export interface Carried {
  readonly narrow?: Part;
  readonly wide?: Part;
  /** What `narrow` matches beside, and Istio does not, as a sentence. */
  readonly beside?: string;
}

export interface Mesh {
  /** All of them, for what Istio says without one. */
  readonly trustDomains: readonly string[];
  /** The namespace of the policy. */
  readonly namespace: string;
}

type Carrier = (values: readonly string[], mesh: Mesh) => Carried;

/** The conditions of `source` and `operation`, and the keys of `when`. */
const carriers: Readonly<Record<string, Carrier>> = {
  principals,
  namespaces: ofCallers(namespaceOf),
  serviceAccounts: ofCallers(serviceAccountOf),
  requestPrincipals,
  ipBlocks: exactly(blockOf, 'sourceIps'),
  ports: exactly(portOf, 'ports'),
  hosts,
  methods,
  paths,
  'source.principal': principals,
  'source.namespace': ofCallers(namespaceOf),
  'source.serviceAccount': ofCallers(serviceAccountOf),
  'source.ip': exactly(blockOf, 'sourceIps'),
  'destination.port': exactly(portOf, 'ports'),
  'request.auth.principal': requestPrincipals,
  'request.auth.audiences': (values) => claim('aud', values),
  'request.auth.presenter': (values) => claim('azp', values),
};

/** For a key of `when`, `request.headers[x-tenant]` and `request.auth.claims[role]` too. */
export function carrierOf(key: string): Carrier | undefined {
  const [, kind, name] = /^request\.(headers|auth\.claims)\[([^[\]]+)\]$/.exec(key) ?? [];
  if (name === undefined) return Object.hasOwn(carriers, key) ? carriers[key] : undefined;
  // `:path` may have commas, which part the values of other headers.
  if (name.startsWith(':')) return undefined;
  if (kind !== 'headers') return (values) => claim(name, values);
  const header = name.toLowerCase();
  // Envoy finds `:authority` by this name (HostLegacy in its header_map_impl.cc), and sends only that.
  return (values) => headerPart(header === 'host' ? ':authority' : header, values);
}

/** Values of which each is one of ours, or none. */
function exactly(
  ours: (value: string) => string | number | undefined,
  kind: 'sourceIps' | 'ports',
): Carrier {
  return (values) => {
    const carried = values.map(ours).filter((one) => one !== undefined);
    if (carried.length === 0) return {};
    const part: Part = { [kind]: carried };
    return carried.length === values.length ? { narrow: part, wide: part } : { narrow: part };
  };
}

/** The document has no IPv4 that is written as IPv6. */
function blockOf(block: string): string | undefined {
  return /^(?:\d{1,3}(?:\.\d{1,3}){3}|(?!(?:0*:)+ffff:)[\da-f:.]*:[\da-f:.]*)(?:\/\d{1,3})?$/i.test(
    block,
  )
    ? block
    : undefined;
}

function portOf(text: string): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function ofCallers(ours: (value: string, mesh: Mesh) => readonly string[]): Carrier {
  return (values, mesh) => {
    const lists = values.map((value) => ours(value, mesh));
    const from = lists.flat();
    if (from.length === 0) return {};
    return lists.every((list) => list.length > 0)
      ? { narrow: { from }, wide: { from } }
      : { narrow: { from } };
  };
}

/**
 * Istio leaves the scheme out. To it the mesh's own trust domain, `cluster.local` and the aliases are
 * one: who is named in one of them is named in all. Not all domains of the mesh need be such.
 */
function principals(values: readonly string[], mesh: Mesh): Carried {
  const namedIn = (isAlias: (domain: string) => boolean) =>
    ofCallers((value, { trustDomains }) => {
      if (value === '*') return ['*'];
      const [domain = '', ...path] = value.split('/');
      const domains = isAlias(domain) ? trustDomains : [domain];
      const texts = domains.map((each) => `spiffe://${[each, ...path].join('/')}`);
      return texts.filter((text) => parsePrincipalPattern(text) !== undefined);
    })(values, mesh);
  const { narrow } = namedIn((domain) => domain === 'cluster.local');
  const { wide } = namedIn((domain) => [...mesh.trustDomains, 'cluster.local'].includes(domain));
  return { ...(narrow && { narrow }), ...(wide && { wide }) };
}

function namespaceOf(value: string, { trustDomains }: Mesh): readonly string[] {
  if (value === '*') return ['*'];
  if (!/^[a-z0-9-]+$/.test(value)) return [];
  return trustDomains.map((domain) => `spiffe://${domain}/ns/${value}/*`);
}

function serviceAccountOf(value: string, { trustDomains, namespace }: Mesh): readonly string[] {
  const [first = '', second] = value.split('/');
  const [inside, account] = second === undefined ? [namespace, first] : [first, second];
  if (!/^[a-z0-9.-]+$/.test(account)) return [];
  return trustDomains.map((domain) => `spiffe://${domain}/ns/${inside}/sa/${account}`);
}

/** `issuer/subject`, where both may have slashes: only a narrow reading is certain. */
function requestPrincipals(values: readonly string[]): Carried {
  if (values.includes('*')) {
    const claims = { iss: '*', sub: '*' } as const;
    return { narrow: { claims } };
  }
  const pairs = values.flatMap((value) => {
    const cut = value.lastIndexOf('/');
    return value.includes('*') || cut < 1
      ? []
      : [{ issuer: value.slice(0, cut), subject: value.slice(cut + 1) }];
  });
  const [first] = pairs;
  if (first === undefined) return {};
  const ofOne = pairs.filter(({ issuer }) => issuer === first.issuer);
  const claims = { iss: [first.issuer], sub: ofOne.map(({ subject }) => subject) };
  return { narrow: { claims } };
}

/**
 * Only a narrow reading is certain: Istio looks into the token that it verified, which may be the
 * user's and not the caller's, and splits a scope at its spaces; a claim that is there may be empty.
 */
function claim(name: string, values: readonly string[]): Carried {
  if (values.includes('*')) return { narrow: { claims: { [name]: '*' } } };
  const exact = values.filter((value) => !value.includes('*'));
  return exact.length === 0 ? {} : { narrow: { claims: { [name]: exact } } };
}

function headerPart(name: string, values: readonly string[]): Carried {
  if (values.includes('*')) return { narrow: { headers: { [name]: '*' } } };
  const exact = values.filter((value) => !/[*,]/.test(value) && value !== '');
  if (exact.length === 0) return {};
  const part: Part = { headers: { [name]: exact } };
  const beside =
    'a header that comes more than once passes if each of its values is listed; Istio compares them joined, and would deny it';
  const isWhole = exact.length === values.length;
  return isWhole ? { narrow: part, wide: part, beside } : { narrow: part, beside };
}

/** Istio compares the authority with its port, in any case; the document's hosts have no port. */
function hosts(values: readonly string[]): Carried {
  const exact = values.filter((value) => /^[\w.-]+(?::\d+)?$/.test(value));
  const names = values.map((value) => normaliseHost(value.replace(/:\*$/, '')) ?? '*');
  const spellings = new Set(exact.flatMap((value) => [value, value.toLowerCase()]));
  const narrow: Part = { headers: { ':authority': [...spellings] } };
  return {
    ...(exact.length > 0 && { narrow }),
    ...(names.every((name) => !name.includes('*')) && { wide: { hosts: names } }),
  };
}

/** That GET is HEAD too in the document, and is not for Istio, is seen to where rules are made. */
function methods(values: readonly string[]): Carried {
  const exact = values.filter((value) => /^[A-Z][A-Z0-9_-]{0,31}$/.test(value));
  if (exact.length === 0) return {};
  const part: Part = { methods: exact };
  return exact.length === values.length ? { narrow: part, wide: part } : { narrow: part };
}

function paths(values: readonly string[]): Carried {
  const narrow = values.flatMap((value) => narrowPaths(value));
  const wide = values.map((value) => widePath(value));
  const whole = wide.filter((path) => path !== undefined);
  return {
    ...(narrow.length > 0 && { narrow: { paths: narrow } }),
    ...(whole.length === values.length && { wide: { paths: whole } }),
  };
}

function narrowPaths(value: string): readonly string[] {
  if (value === '*' || value === '/*') return ['/**'];
  // A parameter of the document, `{id}`, is only these characters to Istio.
  if (/[{}]/.test(value.replaceAll(/\{\*\*?\}/g, ''))) return [];
  const templated = value.replaceAll('{*}', '{segment}');
  const candidates = templated.endsWith('/{**}')
    ? [`${templated.slice(0, -'{**}'.length)}{segment}/**`]
    : templated.endsWith('*')
      ? prefixPaths(templated.slice(0, -1))
      : [templated];
  return candidates.filter((path) => pathPatternFault(path) === undefined);
}

/** Whatever begins so; without a slash at its end it may also be all of the path. */
function prefixPaths(prefix: string): readonly string[] {
  return prefix.endsWith('/') ? [`${prefix}{segment}/**`] : [prefix, `${prefix}/{segment}/**`];
}

/** Up to the segment in which Istio's pattern stops being one of the document's. */
function widePath(value: string): string | undefined {
  const templated = value.replaceAll('{*}', '{segment}');
  if (!templated.includes('*') && pathPatternFault(templated) === undefined) return templated;
  const known = templated.split('*', 1)[0] ?? '';
  const folder = known.slice(0, known.lastIndexOf('/') + 1);
  const path = `${folder}**`;
  return folder !== '' && pathPatternFault(path) === undefined ? path : undefined;
}
