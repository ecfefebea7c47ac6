import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { CompletedCheck } from '../../../src/check/check.ts';
import { systemClock } from '../../../src/domain/clock.ts';
import {
  type CheckServiceDependencies,
  createCheckService,
} from '../../../src/server/check-service.ts';

/** Stands for the encoder: an answer is the reason's name. */
function answer({ decision }: CompletedCheck): Uint8Array {
  return Buffer.from(decision.reason);
}

/** Puts one message to a service; each test breaks the one part that it is about. */
async function ask(parts: Partial<CheckServiceDependencies>) {
  const faults: string[] = [];
  const recorded: CompletedCheck[] = [];
  const observed: CompletedCheck[] = [];
  const service = createCheckService({
    gate: () => {
      throw new Error('no gate');
    },
    clock: systemClock,
    decode: () => undefined,
    answer,
    recorder: { record: (completed) => recorded.push(completed) },
    observer: { observe: (completed) => observed.push(completed) },
    limits: {
      maxMessageBytes: 100,
      maxChecksInFlight: 10,
      checkTimeoutMs: 100,
      deadlineMarginMs: 10,
    },
    onFault: (where, fault) => faults.push(`${where}: ${String(fault)}`),
    ...parts,
  });
  const call = Object.assign(new EventEmitter(), {
    request: Buffer.from('a check'),
    getDeadline: () => Infinity,
  });
  const answers = await new Promise<string[]>((resolve) => {
    const received: string[] = [];
    const respond = (fault: unknown, bytes: Uint8Array): void => {
      received.push(fault === null ? Buffer.from(bytes).toString() : 'an RPC error');
    };
    service.implementation['Check']?.(call as never, respond as never);
    setTimeout(resolve, 20, received);
  });
  return { answers, faults, recorded, observed };
}

test('a check without a gate is denied', async () => {
  const { answers, faults, recorded } = await ask({});
  assert.deepEqual(answers, ['internal']);
  assert.deepEqual(faults, ['deciding a check: Error: no gate']);
  assert.equal(recorded[0]?.policy.name, '');
});

test('a decoder that throws is a denial', async () => {
  const { answers } = await ask({
    gate: () => ({ policy: { identity: { name: 'example', revision: '', path: '' } } }) as never,
    decode: () => {
      throw new RangeError('beyond the end');
    },
  });
  assert.deepEqual(answers, ['internal']);
});

test('when no answer can be built, the one built at the start is sent', async () => {
  let built = 0;
  const { answers, recorded, faults } = await ask({
    answer: (completed) => {
      built += 1;
      if (built > 1) throw new Error('out of words');
      return answer(completed);
    },
  });
  assert.deepEqual(answers, ['internal']);
  assert.equal(recorded[0]?.decision.reason, 'internal');
  assert.equal(faults.at(-1), 'answering a check: Error: out of words');
});

test('an answer that cannot be built at all stops the start', async () => {
  const start = ask({
    answer: () => {
      throw new Error('out of words');
    },
  });
  await assert.rejects(start, /out of words/);
});

test('a check is answered even when its arrival cannot be told', async () => {
  let now = 0;
  const clock = {
    nowMs: () => 0,
    monotonicMs: () => {
      now += 1;
      if (now > 1) throw new Error('no time');
      return now;
    },
  };
  const { answers, faults } = await ask({ clock });
  assert.deepEqual(answers, ['internal']);
  assert.deepEqual(faults, ['handling a check: Error: no time']);
});

test('a recorder that throws holds up neither the answer nor the count', async () => {
  const { answers, observed } = await ask({
    recorder: {
      record: () => {
        throw new Error('disk full');
      },
    },
  });
  assert.deepEqual(answers, ['internal']);
  assert.equal(observed.length, 1);
});
