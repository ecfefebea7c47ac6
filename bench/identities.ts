import { Authority, type Issued } from '../test/setup/authority.ts';

export const envoyId = 'spiffe://shop.example/ns/ingress/sa/envoy';

/** The certificates of one run. */
export interface Identities {
  readonly authority: Issued;
  readonly sallyport: Issued;
  readonly envoy: Issued;
  /** Of the caller in the measured check. */
  readonly caller: Issued;
  /** Removes their files. */
  readonly remove: () => void;
}

export function issueIdentities(): Identities {
  const authority = new Authority();
  return {
    authority: authority.own,
    sallyport: authority.issue({ names: 'DNS:sallyport' }),
    envoy: authority.issue({ names: `URI:${envoyId}` }),
    caller: authority.issue({ names: 'URI:spiffe://shop.example/ns/shop/sa/web' }),
    remove: () => {
      authority.remove();
    },
  };
}
