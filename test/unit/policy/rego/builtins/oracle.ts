import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  BuiltinError,
  BuiltinHalt,
  type BuiltinCall,
  type BuiltinTable,
} from '../../../../../src/policy/rego/builtin.ts';
import { jsonText } from '../../../../../src/policy/rego/builtins/json-text.ts';
import { readJson } from '../../../../../src/policy/rego/builtins/read-json.ts';
import {
  isArray,
  RegoObject,
  RegoSet,
  type RegoValue,
} from '../../../../../src/policy/rego/value.ts';

/** A call, and what OPA 1.22.2 answered: a result, or an error that leaves it undefined. */
interface OracleCall {
  readonly builtin: string;
  readonly operands: readonly RegoValue[];
  readonly nowNs: bigint;
  readonly note: string;
  readonly result: RegoValue | undefined;
}

/** A longer result is held by its digest, `{"$sha256": …}`, where the file gives only that. */
const maxShown = 4000;

/** One test for each call of `oracle/<name>.jsonl`; a set is written `{"$set": […]}`. */
export function testAgainstOracle(name: string, builtins: BuiltinTable): void {
  for (const [at, call] of readCalls(
    join(import.meta.dirname, 'oracle', `${name}.jsonl`),
  ).entries()) {
    test(`${call.builtin} answers as OPA does: ${call.note} (line ${at + 1})`, () => {
      assert.equal(show(answer(builtins, call)), show(call.result));
    });
  }
}

/** With as much fuel as a server gives unless it is told otherwise. */
export function callOf(nowNs = 0n, remembered = new Map<string, RegoValue>()): BuiltinCall {
  let fuel = 3_000_000;
  const spend = (units: number): void => {
    fuel -= units;
    if (fuel < 0) throw new BuiltinHalt('the evaluation has no fuel left');
  };
  return { nowNs, remembered, spend };
}

/** What the builtin gives, and `undefined` for the errors that leave an expression undefined. */
export function answer(
  builtins: BuiltinTable,
  { builtin, operands, nowNs }: Pick<OracleCall, 'builtin' | 'operands' | 'nowNs'>,
): RegoValue | undefined {
  const run = builtins[builtin];
  assert.ok(run, `no builtin ${builtin}`);
  try {
    return run(callOf(nowNs), ...operands);
  } catch (error) {
    if (error instanceof BuiltinError) return undefined;
    throw error;
  }
}

export function readCalls(path: string): OracleCall[] {
  const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean);
  assert.ok(lines.length > 0, `${path} has no calls`);
  return lines.map((line) => {
    const call = readJson(line);
    assert.ok(call instanceof RegoObject);
    const operands = call.get('operands');
    assert.ok(operands !== undefined && isArray(operands));
    const result = call.get('result');
    return {
      builtin: textOf(call, 'builtin'),
      operands: operands.map(withSets),
      nowNs: BigInt(textOf(call, 'nowNs') || '0'),
      note: textOf(call, 'note').slice(0, 80),
      result: result === undefined ? undefined : withSets(result),
    };
  });
}

function textOf(call: RegoObject, name: string): string {
  const text = call.get(name);
  return typeof text === 'string' ? text : '';
}

function withSets(value: RegoValue): RegoValue {
  if (isArray(value)) return value.map(withSets);
  if (!(value instanceof RegoObject)) return value;
  const members = value.get('$set');
  if (members !== undefined && isArray(members)) return RegoSet.of(members.map(withSets));
  return RegoObject.of(value.entries.map(([key, member]) => [key, withSets(member)] as const));
}

function show(value: RegoValue | undefined): string {
  if (value === undefined) return 'undefined';
  if (value instanceof RegoObject && value.get('$sha256') !== undefined) return jsonText(value);
  const text = value instanceof RegoSet ? `set ${jsonText(value)}` : jsonText(value);
  if (text.length <= maxShown) return text;
  const digest = createHash('sha256').update(text).digest('hex');
  return jsonText(RegoObject.of([['$sha256', digest]]));
}
