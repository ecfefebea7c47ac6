import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { PolicyEngine } from '../check/ports.ts';
import type { Config } from '../config/config.ts';
import { unreadable } from '../config/read-file.ts';
import { readSnapshot } from '../policy/bundles/read-bundle.ts';
import { createPolicyEngine } from '../policy/wasm-engine.ts';
import { type Loaded, loadedFrom } from './loaded.ts';

export async function loadPolicy({ policy, headers }: Config): Promise<Loaded<PolicyEngine>> {
  const { bundle: file, protoDescriptor, decision, skipRequestBodyParse } = policy;
  return loadedFrom(file, async () => {
    const bundle = await readSnapshot(await read(file));
    return createPolicyEngine(bundle, {
      name: bundleName(file),
      decision,
      skipRequestBodyParse,
      reservedHeaderPrefix: headers.prefix,
      ...(protoDescriptor && { protoDescriptor: await read(protoDescriptor) }),
    });
  });
}

async function read(file: string): Promise<Buffer> {
  return readFile(file).catch((fault: unknown) => {
    throw unreadable(fault);
  });
}

/** `bundles/example.tar.gz` is `example`. */
function bundleName(file: string): string {
  return basename(file).replace(/\.(?:tar\.gz|tgz)$/, '');
}
