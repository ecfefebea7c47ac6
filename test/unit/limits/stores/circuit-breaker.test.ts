import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CircuitBreaker } from '../../../../src/limits/stores/circuit-breaker.ts';

const fault = new Error('it hangs');

interface Rig {
  readonly breaker: CircuitBreaker;
  readonly told: string[];
  /** What the next probes find. */
  answers: boolean;
  probes: number;
}

function openRig(t: TestContext): Rig {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  const rig: Rig = {
    breaker: new CircuitBreaker({
      probe: async () => {
        rig.probes += 1;
        return rig.answers ? Promise.resolve() : Promise.reject(fault);
      },
      onOpen: ({ message }) => told.push(message),
      onClose: () => told.push('closed'),
    }),
    told,
    answers: false,
    probes: 0,
  };
  return rig;
}

/** Lets promises settle. */
async function pass(t: TestContext, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 10) {
    t.mock.timers.tick(10);
    await new Promise(setImmediate);
  }
}

function isOpen({ breaker }: Rig): boolean {
  return breaker.cause !== undefined;
}

function fail({ breaker }: Rig, times: number): void {
  for (let failure = 0; failure < times; failure += 1) breaker.failed(fault);
}

test('three failures in a row open it, and say why', (t) => {
  const rig = openRig(t);
  fail(rig, 2);
  rig.breaker.succeeded();
  fail(rig, 2);
  assert.equal(isOpen(rig), false);
  fail(rig, 1);
  assert.match(rig.breaker.cause?.message ?? '', /failed 3 times in a row, at last: it hangs/);
  fail(rig, 5);
  assert.equal(rig.told.length, 1, 'it opens once');
});

test('it stays open until a probe is answered, and probes come ever less often', async (t) => {
  const rig = openRig(t);
  fail(rig, 3);
  await pass(t, 40);
  assert.equal(rig.probes, 0, 'not at once');
  await pass(t, 10_000);
  assert.ok(rig.probes >= 10 && rig.probes <= 25, `${rig.probes} probes in 10 s`);
  assert.equal(isOpen(rig), true);
  rig.answers = true;
  await pass(t, 1010);
  assert.equal(isOpen(rig), false);
  assert.deepEqual(rig.told.slice(1), ['closed']);
  const { probes } = rig;
  await pass(t, 3000);
  assert.equal(rig.probes, probes, 'no probe while closed');
});

test('an answer of a call that was sent before does not close it', (t) => {
  const rig = openRig(t);
  fail(rig, 3);
  rig.breaker.succeeded();
  assert.equal(isOpen(rig), true);
});

test('after it closed three more failures open it again', async (t) => {
  const rig = openRig(t);
  fail(rig, 3);
  rig.answers = true;
  await pass(t, 200);
  fail(rig, 2);
  assert.equal(isOpen(rig), false);
  fail(rig, 1);
  assert.equal(isOpen(rig), true);
});
