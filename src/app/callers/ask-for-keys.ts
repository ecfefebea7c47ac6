import { messageOf } from '../../domain/fault-message.ts';
import { fetchKeys } from '../../identity/keys/fetch-keys.ts';
import type { KeyServerAccess } from '../../identity/keys/key-servers.ts';
import { createWorkloadApiClient } from '../../server/workload-api/workload-api-client.ts';

export const askForKeys: KeyServerAccess = {
  fetch: fetchKeys,
  watch: (socketPath, { onBundles, onFault }) => {
    const client = createWorkloadApiClient({
      socketPath,
      onFault: (where, fault) => {
        onFault(`${where}: ${messageOf(fault)}`);
      },
    });
    client.watchJwtBundles(onBundles);
    return () => {
      client.close();
    };
  },
};

/** Nobody is asked, and tokens whose keys would come from a server are denied. */
export const askNobody: KeyServerAccess = {
  fetch: () => Promise.reject(new Error('nobody asked for its keys')),
  watch: (_, { onFault }) => {
    onFault('nobody asked for its keys');
    return () => {};
  },
};
