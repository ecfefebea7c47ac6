import type { AttributeContext } from '../../src/domain/request/attributes.ts';
import type { RequestView } from '../../src/domain/request/request.ts';

/** A request as the reader would give it; say only what the test is about. */
export function requestFrom(
  parts: Partial<RequestView> & { readonly principal?: string },
): RequestView {
  const { principal, ...view } = parts;
  const attributes: AttributeContext = principal === undefined ? {} : { source: { principal } };
  return {
    kind: 'http',
    method: 'GET',
    path: '/',
    query: '',
    segments: [],
    host: 'orders.shop',
    service: 'orders',
    headers: {},
    body: { state: 'absent', bytes: new Uint8Array() },
    sourceAddress: '10.0.0.1',
    attributes,
    ...view,
  };
}
