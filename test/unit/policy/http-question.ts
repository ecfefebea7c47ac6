import type { AttributeContext, HttpAttributes } from '../../../src/domain/request/attributes.ts';
import type { Caller } from '../../../src/domain/identity/caller.ts';
import type { PolicyQuestion } from '../../../src/domain/decision/policy.ts';
import { requestFrom } from '../request-fixture.ts';

/** What a policy is asked when Envoy sends these HTTP attributes, as the request reader gives it. */
export function questionOf(
  http: HttpAttributes,
  more: { readonly attributes?: AttributeContext; readonly caller?: Caller } = {},
): PolicyQuestion {
  const [path = '', query = ''] = (http.path ?? '').split(/\?(.*)/s);
  const headers = http.headers ?? {};
  const bytes = http.rawBody ?? Buffer.from(http.body ?? '');
  const partial = headers['x-envoy-auth-partial-body'] === 'true';
  return {
    caller: more.caller,
    request: requestFrom({
      method: http.method ?? 'GET',
      path,
      query,
      segments: path.split('/').filter((segment) => segment !== ''),
      headers,
      body: { state: partial ? 'partial' : bytes.length > 0 ? 'complete' : 'absent', bytes },
      attributes: { ...more.attributes, request: { http } },
    }),
  };
}

/** A workload of the example's shop. */
export function shopCaller(serviceAccount: string): Caller {
  const path = `/ns/shop/sa/${serviceAccount}`;
  const uri = `spiffe://shop.example${path}`;
  return {
    principal: uri,
    source: 'peer',
    spiffe: { uri, trustDomain: 'shop.example', path, namespace: 'shop', serviceAccount },
  };
}
