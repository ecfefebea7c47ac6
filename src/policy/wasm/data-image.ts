import { BundleError } from '../bundle-error.ts';
import { type DataPlace, PolicyInstance } from './policy-instance.ts';
import { PolicyMemory } from './policy-memory.ts';
import type { PolicyModule } from './policy-module.ts';

/** A policy's data as it lies in memory, from the heap's base: fit for any instance of the module. */
export interface DataImage extends DataPlace {
  readonly data: Uint8Array;
}

/** What an evaluation may take beside the data. One that needs more fails. */
const maxEvaluationBytes = 256 * 1024 * 1024;

/** All that a module can address, less a page: at its end is what a toll reads to trap (fuel.ts). */
const maxBytes = 65_535 * 64 * 1024;

/** What a byte of JSON may take when it is parsed: measured with `[1,1,…`, the worst. */
export const parsedBytesPerByte = 100;

/**
 * Parses JSON into a memory that is given up afterwards. The text lies at its end, so that the image
 * is without it. Throws a BundleError when the data cannot be loaded.
 */
export function buildImage(module: PolicyModule, json: Uint8Array): DataImage {
  const neededBytes = module.staticBytes + json.length * (parsedBytesPerByte + 1);
  const memory = new PolicyMemory(Math.min(neededBytes, maxBytes), maxBytes);
  const instance = new PolicyInstance(module.compiled, memory, module.builtins);
  const textAddress = memory.bytes.length - json.length;
  memory.bytes.set(json, textAddress);
  const isJson = instance.parseData(textAddress, json.length);
  if (instance.place.heap > textAddress) {
    throw new BundleError("the bundle's data is too large for a policy's memory");
  }
  if (!isJson) throw new BundleError("the bundle's data is not JSON");
  return imageOf(instance);
}

/** A view of the memory of an instance: evaluations, and those that failed, leave its data alone. */
export function imageOf({ memory, heapBase, place }: PolicyInstance): DataImage {
  return { ...place, data: memory.bytes.subarray(heapBase, place.heap) };
}

/**
 * What an evaluation finds at once, of which only what it touches is taken of the machine. Growing
 * costs fuel: page by page, as OPA's allocator does it, it took seconds (`heavier` in weights.ts).
 */
const roomBytes = 32 * 1024 * 1024;

/** An instance in a new memory, without the data, for which there is room. */
export function createInstance(module: PolicyModule, dataBytes: number): PolicyInstance {
  const initialBytes = module.staticBytes + dataBytes + roomBytes;
  const memory = new PolicyMemory(
    initialBytes,
    Math.min(initialBytes + maxEvaluationBytes, maxBytes),
  );
  return new PolicyInstance(module.compiled, memory, module.builtins);
}

/** An instance with the data, in a new memory. */
export function loadImage(module: PolicyModule, { data, ...place }: DataImage): PolicyInstance {
  const instance = createInstance(module, data.length);
  instance.memory.bytes.set(data, instance.heapBase);
  instance.place = place;
  return instance;
}

/**
 * Another instance in the memory of one that failed. A trap leaves the module's variables and stack in
 * any state, and so they begin again as zeros. The data is as it was: evaluations only read it, and
 * what traps has not run astray.
 */
export function renewInstance(module: PolicyModule, failed: PolicyInstance): PolicyInstance {
  failed.memory.bytes.fill(0, 0, failed.heapBase);
  const instance = new PolicyInstance(module.compiled, failed.memory, module.builtins);
  instance.place = failed.place;
  return instance;
}
