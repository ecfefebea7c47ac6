/** Who is there, by the name of its certificate's file. */
export const workloads = {
  web: 'spiffe://shop.example/ns/shop/sa/web',
  orders: 'spiffe://shop.example/ns/shop/sa/orders',
  stock: 'spiffe://shop.example/ns/shop/sa/stock',
  billing: 'spiffe://shop.example/ns/shop/sa/billing',
  console: 'spiffe://shop.example/ns/ops/sa/console',
  audit: 'spiffe://partner.example/ns/audit/sa/reader',
} as const;

export type Workload = keyof typeof workloads;

/** Those that are called. */
export const called = ['orders', 'stock', 'billing'] as const;
