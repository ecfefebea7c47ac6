import assert from 'node:assert/strict';
import { test } from 'node:test';
import { opcode } from '../../../../../src/policy/wasm/instructions.ts';
import { Flow, placesReached } from '../../../../../src/policy/wasm/projection/flow-graph.ts';
import {
  type Calls,
  FunctionTrace,
  readWhole,
} from '../../../../../src/policy/wasm/projection/function-trace.ts';

const reader = 0;
const emptyBlock = 0x40;
const { block, loop, end, branch, branchIf, call, constant, localGet, localSet, localTee } = opcode;

/** Whatever is called reads its one operand. */
const calls: Calls = {
  signatureOf: () => ({ parameters: 1, results: 0 }),
  signature: () => ({ parameters: 1, results: 0 }),
  call: (_index, operands) => readWhole(operands),
  callIndirect: (operands) => readWhole(operands),
};

/** Whether code reads its parameter, which is local 0. Local 1 begins as zero. */
function readsParameter(...code: readonly number[]): boolean {
  const locals = [new Flow(), new Flow()] as const;
  const result = new Flow();
  const instructions = Uint8Array.from([...code, end]);
  new FunctionTrace({ instructions, locals, parameters: 1, result }, calls).run();
  return placesReached(locals[0], () => {}).isWhole;
}

const keep = [localGet, 0, localSet, 1];
const forget = [constant, 0, localSet, 1];
const read = [localGet, 1, call, reader];
const perhapsLeave = [localGet, 0, branchIf, 0];
const blockOf = (...body: readonly number[]) => [block, emptyBlock, ...body, end];
const loopOf = (...body: readonly number[]) => [loop, emptyBlock, ...body, branch, 0, end];
const keepAndAsk = [localGet, 0, localTee, 1, opcode.if, emptyBlock];
const ifKeptOf = (...body: readonly number[]) => [...keepAndAsk, ...body, end];

const rows: readonly (readonly [title: string, reads: boolean, code: readonly number[]])[] = [
  ['what a local holds is read', true, [...keep, ...read]],
  ['what a local held before is not', false, [...keep, ...forget, ...read]],
  ['nor what it holds later', false, [...read, ...keep]],
  ['a turn of a loop reads what the turn before it kept', true, loopOf(...read, ...keep)],
  ['a loop changes nothing that it does not set', false, [...keep, ...forget, ...loopOf(...read)]],
  ['also in a loop around it', true, loopOf(...loopOf(...read), ...keep)],
  [
    'a block that is left early keeps what was',
    true,
    [...keep, ...blockOf(...perhapsLeave, ...forget), ...read],
  ],
  ['a block may set what is read behind it', true, [...blockOf(...perhapsLeave, ...keep), ...read]],
  ['behind an if that returns, its local is zero', false, [...ifKeptOf(opcode.return), ...read]],
  ['not when the if may be left', true, [...ifKeptOf(...perhapsLeave, opcode.return), ...read]],
  ['nor when it goes on', true, [...ifKeptOf(), ...read]],
  ['nor in the if', true, [...ifKeptOf(...read, opcode.return)]],
];

for (const [title, reads, code] of rows) {
  test(title, () => assert.equal(readsParameter(...code), reads));
}

test('an instruction that OPA does not write is not guessed at', () => {
  const refused = [
    [[localGet, 0, opcode.load, 2, 0], /memory/],
    [[localGet, 0, constant, 0, opcode.store, 2, 0], /memory/],
    [[constant, 0, 0x67], /0x67/],
    [[block, 0x7f, constant, 0, end], /a block with a result/],
    [[localGet, 7], /a local that is not there/],
  ] as const;
  for (const [code, says] of refused) assert.throws(() => readsParameter(...code), says);
});
