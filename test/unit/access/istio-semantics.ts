/** What Istio decides, said as plainly as can be, for the import to be held against. */
export interface IstioRequest {
  /** `cluster.local/ns/shop/sa/web`; callers without a certificate are not asked about. */
  readonly principal: string;
  readonly method: string;
  readonly path: string;
  readonly authority: string;
  readonly port: number;
  readonly sourceIp: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly claims: Readonly<Record<string, string | readonly string[]>> | undefined;
}

export interface PlainPolicy {
  readonly action: 'ALLOW' | 'DENY';
  readonly rules: readonly PlainRule[];
}

export interface PlainRule {
  readonly from?: readonly { readonly source: Fields }[];
  readonly to?: readonly { readonly operation: Fields }[];
  readonly when?: readonly PlainWhen[];
}

type Fields = Readonly<Record<string, readonly string[]>>;

export interface PlainWhen {
  readonly key: string;
  readonly values?: readonly string[];
  readonly notValues?: readonly string[];
}

/** https://istio.io/latest/docs/concepts/security/#implicit-enablement: DENY before ALLOW. */
export function istioAllows(policies: readonly PlainPolicy[], request: IstioRequest): boolean {
  const matching = (action: PlainPolicy['action']) =>
    policies.some(
      (policy) =>
        policy.action === action && policy.rules.some((rule) => ruleMatches(rule, request)),
    );
  if (matching('DENY')) return false;
  return !policies.some(({ action }) => action === 'ALLOW') || matching('ALLOW');
}

function ruleMatches({ from, to, when }: PlainRule, request: IstioRequest): boolean {
  return (
    (from?.some(({ source }) => fieldsMatch(source, request)) ?? true) &&
    (to?.some(({ operation }) => fieldsMatch(operation, request)) ?? true) &&
    (when?.every((condition) => whenMatches(condition, request)) ?? true)
  );
}

function fieldsMatch(fields: Fields, request: IstioRequest): boolean {
  return Object.entries(fields).every(([field, values]) => {
    const [, plain] = /^not([A-Z]\w*)$/.exec(field) ?? [];
    const key = plain === undefined ? field : plain.charAt(0).toLowerCase() + plain.slice(1);
    return anyMatches(key, values, request) === (plain === undefined);
  });
}

function whenMatches({ key, values, notValues }: PlainWhen, request: IstioRequest): boolean {
  return (
    (values === undefined || anyMatches(key, values, request)) &&
    (notValues === undefined || !anyMatches(key, notValues, request))
  );
}

function anyMatches(key: string, values: readonly string[], request: IstioRequest): boolean {
  return values.some((value) => valueMatches(key, value, request));
}

function valueMatches(key: string, value: string, request: IstioRequest): boolean {
  const [, namespace = '', account = ''] =
    /\/ns\/([^/]+)\/sa\/([^/]+)$/.exec(request.principal) ?? [];
  const header = /^request\.headers\[(.+)\]$/.exec(key)?.[1];
  const claim = /^request\.auth\.claims\[(.+)\]$/.exec(key)?.[1];
  if (header !== undefined) return glob(value, request.headers[header]);
  if (claim !== undefined)
    return [request.claims?.[claim] ?? []].flat().some((one) => glob(value, one));
  switch (key) {
    case 'principals':
      return glob(value, request.principal);
    case 'namespaces':
      return glob(value, namespace);
    case 'serviceAccounts':
      return value.includes('/')
        ? value === `${namespace}/${account}`
        : value === account && namespace === 'shop';
    case 'requestPrincipals':
      return glob(
        value,
        request.claims && `${String(request.claims['iss'])}/${String(request.claims['sub'])}`,
      );
    case 'ipBlocks':
      return (
        value === request.sourceIp || (value === '10.0.0.0/8' && request.sourceIp.startsWith('10.'))
      );
    case 'ports':
      return value === String(request.port);
    case 'methods':
      return glob(value, request.method);
    case 'paths':
      return pathMatches(value, request.path);
    case 'hosts':
      return hostMatches(value.toLowerCase(), request.authority.toLowerCase());
    default:
      throw new Error(`the reference knows nothing of ${key}`);
  }
}

/** `*` at one end, or alone; a value that is not there matches nothing. */
function glob(pattern: string, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (pattern === '*') return value !== '';
  if (pattern.endsWith('*')) return value.startsWith(pattern.slice(0, -1));
  return pattern.startsWith('*') ? value.endsWith(pattern.slice(1)) : value === pattern;
}

function pathMatches(pattern: string, path: string): boolean {
  if (!pattern.includes('{')) return glob(pattern, path);
  const expression = pattern
    .split('/')
    .map((segment) => ({ '{*}': '[^/]+', '{**}': '.*' })[segment] ?? segment)
    .join('/');
  return new RegExp(`^${expression}$`).test(path);
}

function hostMatches(pattern: string, authority: string): boolean {
  return pattern.endsWith(':*')
    ? authority.split(':')[0] === pattern.slice(0, -2)
    : glob(pattern, authority);
}
