import type { called, Workload } from './workloads.ts';

/** Something to try, and the HTTP status that comes of it. */
export interface Attempt {
  readonly status: number;
  readonly about: string;
  /** The workload that calls. */
  readonly as: Workload;
  readonly to: (typeof called)[number];
  readonly method?: string;
  readonly path: string;
  readonly headers?: readonly string[];
  /** Of a token that the caller shows. */
  readonly scope?: string;
  /** Whose token that is; absent: its own. */
  readonly tokenOf?: Workload;
  /** The last answer counts. */
  readonly times?: number;
}

const order = { as: 'web', to: 'orders', path: '/orders/7' } as const;
const newOrder = { ...order, method: 'POST', path: '/orders' } as const;
const cancel = { ...order, method: 'DELETE' } as const;

export const attempts: readonly Attempt[] = [
  { status: 200, about: 'allowed: the web front reads an order', ...order },
  { status: 429, about: 'limited: it reads too fast', ...order, times: 8 },
  { status: 403, about: 'denied: an order needs a tenant', ...newOrder },
  { status: 200, about: 'allowed: with one', ...newOrder, headers: ['x-tenant: blue'] },
  { status: 403, about: 'denied: cancelling needs a scope', ...cancel },
  { status: 200, about: 'allowed: a token has it', ...cancel, scope: 'orders:cancel' },
  {
    status: 200,
    about: 'granted: the console looks into orders, for a while',
    ...order,
    as: 'console',
  },
  {
    status: 403,
    about: 'denied: no grant opens the internals',
    ...order,
    as: 'console',
    path: '/internal/x',
  },
  {
    status: 403,
    about: 'denied: a partner, outside its network',
    as: 'audit',
    to: 'billing',
    path: '/invoices/7',
  },
  {
    status: 401,
    about: 'denied: a token in the hands of another workload',
    ...order,
    as: 'console',
    tokenOf: 'web',
    scope: 'orders:cancel',
  },
];
