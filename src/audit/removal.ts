import { formatPointer } from './json-pointer.ts';

/** Members of one container of a record that are to be removed from it. */
export interface Removal {
  /** From the record: `["input", "attributes", …]`. */
  readonly container: readonly string[];
  readonly names: readonly string[];
}

/** As OPA's `erased` names them: `/input/parsed_body/password`. */
export function pointersOf({ container, names }: Removal): string[] {
  return names.map((name) => formatPointer([...container, name]));
}
