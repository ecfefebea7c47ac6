import { readRego, writeRego } from '../../src/policy/rego/text.ts';
import {
  compare,
  isArray,
  type RegoEntry,
  RegoObject,
  RegoSet,
  type RegoValue,
} from '../../src/policy/rego/value.ts';
import type { ConformanceCase, Program } from './corpus.ts';

/** What became of a case here. */
export type Outcome =
  /** The bundle would not load: `opa build` refused it, or Sallyport would. */
  | { readonly kind: 'refused'; readonly detail: string }
  /** The evaluation failed: a request would be denied. */
  | { readonly kind: 'failed'; readonly detail: string }
  /** OPA's result set for the entrypoint. */
  | { readonly kind: 'answered'; readonly resultSet: RegoValue };

/**
 * Says what is wrong with an outcome, or undefined. As OPA judges its own WASM host: results are
 * compared after a round trip through JSON, and an error that only strict mode would show has to
 * come out undefined.
 */
export function faultOf(each: ConformanceCase, outcome: Outcome): string | undefined {
  const { program, want } = each;
  if (outcome.kind !== 'answered') {
    const isRight = want.kind === 'error' && !want.strict;
    return isRight ? undefined : `${outcome.kind}: ${outcome.detail}`;
  }
  const bindings = bindingsOf(program, outcome.resultSet);
  if (want.kind === 'error') {
    return bindings.length === 0 ? undefined : `${writeRego(bindings)}, and not an error`;
  }
  const wanted = RegoSet.of(itemsOf(readRego(want.bindings)));
  const got = RegoSet.of(
    bindings.map(asJson).map((binding) => (want.anyOrder ? withSortedArrays(binding) : binding)),
  );
  return compare(wanted, got) === 0 ? undefined : `${writeRego(got)}, and not ${writeRego(wanted)}`;
}

/** `[{"result": value}]` as the bindings of the case's query. */
function bindingsOf(program: Program, resultSet: RegoValue): readonly RegoValue[] {
  const documents = itemsOf(resultSet).map((item) =>
    item instanceof RegoObject ? item.get('result') : undefined,
  );
  return documents.flatMap((document) => {
    if (document === undefined || program.kind !== 'compiled') return [];
    return program.answers === 'bindings'
      ? itemsOf(document)
      : [RegoObject.of([[program.answers.variable, document]])];
  });
}

function itemsOf(value: RegoValue): readonly RegoValue[] {
  if (value instanceof RegoSet) return value.values;
  return isArray(value) ? value : [];
}

/** What JSON makes of a value: sets become arrays, and keys text. */
function asJson(value: RegoValue): RegoValue {
  if (value instanceof RegoSet) return value.values.map(asJson);
  if (isArray(value)) return value.map(asJson);
  if (!(value instanceof RegoObject)) return value;
  return RegoObject.of(
    value.entries.map(([key, item]): RegoEntry => {
      const name = typeof key === 'string' ? key : writeRego(asJson(key));
      return [name, asJson(item)];
    }),
  );
}

function withSortedArrays(binding: RegoValue): RegoValue {
  if (!(binding instanceof RegoObject)) return binding;
  return RegoObject.of(
    binding.entries.map(([name, value]): RegoEntry => {
      return [name, isArray(value) ? value.toSorted(compare) : value];
    }),
  );
}
