import type { EvaluationScope } from '../rego/builtin.ts';
import { imageOf, loadImage, parsedBytesPerByte, renewInstance } from './data-image.ts';
import type { PolicyInstance } from './policy-instance.ts';
import type { PolicyModule } from './policy-module.ts';

export interface PooledEvaluation {
  readonly entrypoint: number;
  readonly input: string;
  readonly scope: EvaluationScope;
  readonly fuel: number;
}

/** Inputs up to this length share an instance; a larger one has its own, for its memory never shrinks. */
const maxSharedLength = 128 * 1024;

/** Data up to this size is copied in few milliseconds; larger data stays in the memory that it is in. */
const maxCopiedBytes = 16 * 1024 * 1024;

/**
 * The instances of one policy with its data. Evaluation is synchronous, and so one instance does for
 * all: beside it are made one for each large input, and another after one that failed or has grown.
 */
export class PolicyPool {
  readonly module: PolicyModule;
  #shared: PolicyInstance;
  readonly #initialBytes: number;

  /** The instance has its data, and nothing else uses it. */
  constructor(module: PolicyModule, instance: PolicyInstance) {
    this.module = module;
    this.#shared = instance;
    this.#initialBytes = instance.memory.bytes.length;
  }

  /** The result set as JSON, and the fuel that it took. Throws whatever the evaluation fails of. */
  evaluate(evaluation: PooledEvaluation): { readonly json: string; readonly fuel: number } {
    const instance = this.#instanceFor(evaluation.input);
    try {
      const json = instance.evaluate({ ...evaluation, as: 'json' });
      return { json, fuel: instance.fuelUsed };
    } catch (error) {
      if (instance === this.#shared) this.#shared = renewInstance(this.module, instance);
      throw error;
    } finally {
      this.#giveBack();
    }
  }

  #instanceFor(input: string): PolicyInstance {
    if (input.length <= maxSharedLength) return this.#shared;
    const instance = this.#isCopied() ? this.#copy() : this.#shared;
    instance.reserve(input.length * parsedBytesPerByte);
    return instance;
  }

  #giveBack(): void {
    const hasGrown = this.#shared.memory.bytes.length > this.#initialBytes;
    if (hasGrown && this.#isCopied()) this.#shared = this.#copy();
  }

  #isCopied(): boolean {
    return imageOf(this.#shared).data.length <= maxCopiedBytes;
  }

  #copy(): PolicyInstance {
    return loadImage(this.module, imageOf(this.#shared));
  }
}
