import { extname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { joinData } from '../join-data.ts';
import type { Builtin } from '../rego/builtin.ts';
import { buildImage, createInstance, loadImage } from './data-image.ts';
import { type Aside, workAside } from './work-aside.ts';
import type { PolicyInstance } from './policy-instance.ts';
import { compilePolicy, connectBuiltins, type PolicyModule } from './policy-module.ts';
import { PolicyPool } from './policy-pool.ts';
import type { PolicySource } from './policy-source.ts';
import type { LoadedHeader, PieceRequest } from './policy-worker.ts';

type Builtins = ReadonlyMap<string, Builtin>;

/** Here and now: about 10 ms for a MiB of data. Throws a BundleError. */
export function loadPolicy({ wasm, data }: PolicySource, builtins: Builtins): PolicyPool {
  const module = compilePolicy(wasm, builtins);
  return new PolicyPool(module, loadImage(module, buildImage(module, joinData(data))));
}

/**
 * A worker compiles the module and parses the data while this thread goes on: it begins in 50 ms, but
 * a small module can take seconds to compile, and to see through. Only the memory's image
 * comes here, piece by piece, because neither can a module's memory be handed over nor may copying
 * hundreds of megabytes stop the checks. Rejects with a BundleError.
 */
export function loadPolicyAside(source: PolicySource, builtins: Builtins): Promise<PolicyPool> {
  const file = new URL(`policy-worker${extname(import.meta.filename)}`, import.meta.url);
  return workAside(file, source, async (worker) => {
    const header = await worker.next<LoadedHeader>();
    const module = connectBuiltins(header.module, builtins);
    const instance = await receiveImage(module, header, worker);
    instance.place = { dataAddress: header.dataAddress, heap: header.heap };
    return new PolicyPool(module, instance);
  });
}

async function receiveImage(
  module: PolicyModule,
  { dataBytes, piece }: LoadedHeader,
  worker: Aside,
): Promise<PolicyInstance> {
  const instance = createInstance(module, dataBytes);
  for (let start = 0; start < dataBytes; start += piece.length) {
    const request: PieceRequest = { start, end: Math.min(start + piece.length, dataBytes) };
    worker.send(request);
    await worker.next();
    const bytes = piece.subarray(0, request.end - start);
    instance.memory.bytes.set(bytes, instance.heapBase + start);
    // Messages that come at once are all received in one turn.
    await setImmediate();
  }
  return instance;
}
