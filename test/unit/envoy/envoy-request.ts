/** A check as Envoy 1.3x sends it for a browser's request: fifteen headers, about 1.4 KB. */
export const headers: Readonly<Record<string, string>> = {
  ':authority': 'orders.shop.svc.cluster.local',
  ':method': 'GET',
  ':path': '/orders/7?expand=lines',
  ':scheme': 'https',
  'user-agent':
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36',
  accept: 'application/json',
  'accept-encoding': 'gzip, deflate, br',
  'accept-language': 'en-GB,en;q=0.9',
  authorization: `Bearer ${'eyJhbGciOiJFUzI1NiJ9.'.repeat(20)}`,
  'x-request-id': '0f8fad5b-d9cb-469f-a165-70867728950e',
  'x-forwarded-for': '10.1.2.3',
  'x-forwarded-proto': 'https',
  'x-envoy-internal': 'true',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  cookie: 'session=5f3759df5f3759df5f3759df',
};

export const http = {
  id: '12045783412936421',
  method: 'GET',
  headers,
  path: '/orders/7?expand=lines',
  host: 'orders.shop.svc.cluster.local',
  scheme: 'https',
  size: -1,
  protocol: 'HTTP/2',
};

export const envoyRequest = {
  attributes: {
    source: {
      address: { socketAddress: { address: '10.1.2.3', portValue: 45678 } },
      principal: 'spiffe://shop.example/ns/shop/sa/web',
    },
    destination: {
      address: { socketAddress: { address: '10.1.2.4', portValue: 8443 } },
      principal: 'spiffe://shop.example/ns/shop/sa/orders',
    },
    request: { time: { seconds: 1_795_000_000, nanos: 123_456_789 }, http },
    contextExtensions: { service: 'orders' },
    metadataContext: {},
    routeMetadataContext: {},
    tlsSession: { sni: 'orders.shop' },
  },
};
