import { messageOf } from '../../domain/fault-message.ts';
import type { ServerTlsConfig } from '../../config/config.ts';
import type { Problem } from '../../config/problem.ts';
import { readText } from '../../config/yaml/read-file.ts';
import type { TlsMaterial } from '../../server/tls/credentials.ts';
import { createWorkloadApiClient } from '../../server/workload-api/workload-api-client.ts';
import { faultLog } from '../logs/fault-log.ts';
import type { Loaded } from '../../config/loaded.ts';
import type { Surroundings } from '../surroundings.ts';

/** Where the server's certificate and the authorities of its clients come from. */
export interface MaterialSource {
  read(tls: ServerTlsConfig): Loaded<TlsMaterial>;
  /** Told when it has something new by itself. */
  onChange(listener: () => void): void;
  close(): void;
}

export const fileSource: MaterialSource = {
  read: readFiles,
  onChange: () => {},
  close: () => {},
};

const firstAnswerMs = 30_000;

/**
 * The Workload API's latest word, which stays while its agent is away. Resolves at the first, or
 * after 30 s.
 */
export async function openWorkloadSource(
  socketPath: string,
  { log }: Surroundings,
): Promise<MaterialSource> {
  const client = createWorkloadApiClient({ socketPath, onFault: faultLog(log) });
  let latest: TlsMaterial | undefined;
  let changed: (() => void) | undefined;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, firstAnswerMs);
    client.watchX509((material) => {
      latest = material;
      clearTimeout(timer);
      resolve();
      changed?.();
    });
  });
  const none = { file: socketPath, path: 'server.tls.workloadApi', message: 'gave no certificate' };
  return {
    read: () => (latest === undefined ? { problems: [none] } : { value: latest }),
    onChange: (listener) => {
      changed = listener;
    },
    close: () => {
      client.close();
    },
  };
}

function readFiles(tls: ServerTlsConfig): Loaded<TlsMaterial> {
  const problems: Problem[] = [];
  const read = (key: 'certificate' | 'privateKey' | 'clientCa'): string => {
    const file = tls[key] ?? '';
    try {
      return readText(file);
    } catch (fault) {
      const message = messageOf(fault);
      problems.push({ file, path: `server.tls.${key}`, message });
      return '';
    }
  };
  const material = {
    certificate: read('certificate'),
    privateKey: read('privateKey'),
    clientCa: [{ pem: read('clientCa') }],
  };
  return problems.length > 0 ? { problems } : { value: material };
}
