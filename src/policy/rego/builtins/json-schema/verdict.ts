import type { Spend } from '../../builtin.ts';

export interface SchemaFault {
  /** `(Root)`, or the path below it with dots. */
  readonly field: string;
  readonly type: string;
  readonly description: string;
}

/** The verdict of one schema. The score says which of several schemas came closest. */
export class Verdict {
  readonly faults: SchemaFault[] = [];
  score = 0;
  readonly spend: Spend;
  readonly #path: readonly string[];

  constructor(path: readonly string[], spend: Spend) {
    this.#path = path;
    this.spend = spend;
  }

  get isValid(): boolean {
    return this.faults.length === 0;
  }

  get field(): string {
    return this.#path.length === 0 ? '(Root)' : this.#path.join('.');
  }

  fault(type: string, description: string): void {
    // The answer says it twice.
    this.spend(2 * description.length);
    this.faults.push({ field: this.field, type, description });
    this.score -= 2;
  }

  merge(other: Verdict): void {
    for (const fault of other.faults) this.faults.push(fault);
    this.score += other.score;
  }

  at(name: string): readonly string[] {
    return [...this.#path, name];
  }

  get path(): readonly string[] {
    return this.#path;
  }
}
