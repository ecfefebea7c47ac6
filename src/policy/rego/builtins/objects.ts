import { BuiltinError, type BuiltinTable, type Spend } from '../builtin.ts';
import { equal, isArray, RegoObject, RegoSet, type RegoValue } from '../value.ts';

/** OPA v1/topdown/subset.go. */
export const objectBuiltins: BuiltinTable = {
  'object.subset': ({ spend }, whole, part) => {
    const answer = isSubset(whole, part, spend) ?? isSpread(whole, part);
    if (answer !== undefined) return answer;
    throw new BuiltinError(
      'both arguments object.subset must be of the same type or array and set',
    );
  },
};

/** Undefined when the two are not of one composite type. */
function isSubset(whole: RegoValue, part: RegoValue, spend: Spend): boolean | undefined {
  if (whole instanceof RegoObject && part instanceof RegoObject) {
    return part.entries.every(([key, value]) => {
      const held = whole.get(key);
      return held !== undefined && (isSubset(held, value, spend) ?? equal(held, value));
    });
  }
  if (whole instanceof RegoSet && part instanceof RegoSet) {
    return part.values.every((value) => whole.has(value));
  }
  return isArray(whole) && isArray(part) ? isRun(whole, part, spend) : undefined;
}

/**
 * Whether an array holds another as one run. OPA's search does not go back after a partial match,
 * so it misses `[1, 1, 2]` in `[1, 1, 1, 2]`; so does this.
 */
function isRun(whole: readonly RegoValue[], part: readonly RegoValue[], spend: Spend): boolean {
  let start = 0;
  let matched = 0;
  while (matched < part.length) {
    spend(10);
    const value = whole[start + matched];
    if (value === undefined) return false;
    if (equal(value, part[matched])) {
      matched += 1;
    } else {
      start += 1;
      matched = 0;
    }
  }
  return true;
}

/** Whether an array holds each value of a set. A value that it holds twice counts twice in OPA. */
function isSpread(whole: RegoValue, part: RegoValue): boolean | undefined {
  if (!isArray(whole) || !(part instanceof RegoSet)) return undefined;
  let missing = part.values.length;
  return whole.some((value) => {
    if (part.has(value)) missing -= 1;
    return missing === 0;
  });
}
