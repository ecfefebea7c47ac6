import type { Projection } from '../../projection.ts';
import { placesReached } from './flow-graph.ts';
import { type PolicyCode, readPolicyCode } from './policy-code.ts';
import { PolicyFlows } from './policy-flows.ts';

/**
 * What a module can read of the input when it evaluates each of its entrypoints: at least that. A
 * module in another form than OPA's compiler writes (its internal/compiler/wasm/wasm.go) reads all.
 */
export function inputProjections(
  wasm: Uint8Array,
  entrypoints: ReadonlyMap<string, number>,
): Map<string, Projection> {
  return unlessUnfamiliar(new Map<string, Projection>(), () => {
    const code = withinEffort(readPolicyCode(wasm), timesTraced * wasm.length);
    return new Map(Array.from(entrypoints, ([name, number]) => [name, projectionOf(code, number)]));
  });
}

function projectionOf(code: PolicyCode, entrypoint: number): Projection {
  return unlessUnfamiliar<Projection>('whole', () => {
    const flows = new PolicyFlows(code, entrypoint);
    return placesReached(flows.input).projection();
  });
}

/** Entrypoints that share most of a large module would take its size, times their number. */
const timesTraced = 4;

function withinEffort(code: PolicyCode, mostBytes: number): PolicyCode {
  let left = mostBytes;
  return {
    ...code,
    bodyOf: (index) => {
      const body = code.bodyOf(index);
      left -= body?.length ?? 0;
      if (left < 0) throw new RangeError('the entrypoints have too much code in all');
      return body;
    },
  };
}

function unlessUnfamiliar<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) return otherwise;
    throw error;
  }
}
