import type { Projection } from '../../input/projection.ts';
import { WasmReader } from '../leb128.ts';
import { readLocals } from '../sections.ts';
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
    const spend = effortOf(timesTraced * wasm.length);
    const code = withinEffort(readPolicyCode(wasm), spend);
    return new Map(
      Array.from(entrypoints, ([name, number]) => [name, projectionOf(code, number, spend)]),
    );
  });
}

function projectionOf(code: PolicyCode, entrypoint: number, spend: SpendEffort): Projection {
  return unlessUnfamiliar<Projection>('whole', () => {
    const flows = new PolicyFlows(code, entrypoint);
    return placesReached(flows.input, () => {
      spend(bytesPerStep);
    }).projection();
  });
}

/** Entrypoints that share most of a large module would take its size, times their number. */
const timesTraced = 4;

/** A step takes as long as reading so many bytes of code. Of 6,000 rules there is one for 36 bytes. */
const bytesPerStep = 8;

/** Throws a RangeError when more is spent than there is. */
type SpendEffort = (bytes: number) => void;

function effortOf(mostBytes: number): SpendEffort {
  let left = mostBytes;
  return (bytes) => {
    left -= bytes;
    if (left < 0) throw new RangeError('the entrypoints have too much code in all');
  };
}

/** Ten thousand locals are written in three bytes, and each is a flow to follow. */
function withinEffort(code: PolicyCode, spend: SpendEffort): PolicyCode {
  return {
    ...code,
    bodyOf: (index) => {
      const body = code.bodyOf(index);
      if (body !== undefined) spend(body.length + readLocals(new WasmReader(body)));
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
