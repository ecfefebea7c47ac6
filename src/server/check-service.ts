import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { Check, CompletedCheck } from '../check/check.ts';
import { decide, type Gate } from '../check/decide.ts';
import type { CheckObserver, DecisionRecorder } from '../check/ports.ts';
import type { AttributeContext } from '../domain/request/attributes.ts';
import type { Clock } from '../domain/clock.ts';
import { type Decision, Denial } from '../domain/decision/decision.ts';
import { messageOf } from '../domain/fault-message.ts';
import type { PolicyIdentity } from '../domain/decision/policy.ts';
import { arrivalOf, type CheckTimes } from './check-arrival.ts';
import type { OnFault } from './on-fault.ts';
import type { GrpcService } from './grpc-service.ts';
import { createTurnWatch } from './turn-watch.ts';

export interface CheckLimits extends CheckTimes {
  /** Larger checks are denied as bad_request. */
  readonly maxMessageBytes: number;
  /** More at a time are denied as overloaded. */
  readonly maxChecksInFlight: number;
}

export interface CheckServiceDependencies {
  /** Read once a check, so that a check is decided by one revision of everything. */
  readonly gate: () => Gate;
  readonly clock: Clock;
  /** Undefined when the bytes are not a CheckRequest. */
  readonly decode: (message: Uint8Array) => AttributeContext | undefined;
  /** The bytes of the CheckResponse. */
  readonly answer: (completed: CompletedCheck) => Uint8Array;
  readonly recorder: DecisionRecorder;
  readonly observer: CheckObserver;
  readonly limits: CheckLimits;
  readonly onFault: OnFault;
}

export interface CheckService extends GrpcService {
  /** How many checks have arrived and are being worked on, given up or not. */
  inFlight(): number;
}

type CheckCall = ServerUnaryCall<Buffer, Uint8Array>;
type Respond = sendUnaryData<Uint8Array>;

/**
 * `envoy.service.auth.v3.Authorization`: the edge of the program. Every message that comes in is
 * answered with a decision, whatever goes wrong behind it, because an RPC error is an allow to an
 * Envoy with `failure_mode_allow`.
 */
export function createCheckService(dependencies: CheckServiceDependencies): CheckService {
  const { clock, limits, answer, recorder, observer, onFault } = dependencies;
  const lastResort = lastResortOf(dependencies);
  const answerSafely = createSafeAnswer(answer, lastResort, onFault);
  const turn = createTurnWatch(clock, limits.checkTimeoutMs / 2);
  let inFlight = 0;

  async function handle(call: CheckCall, respond: Respond): Promise<void> {
    inFlight += 1;
    try {
      const check = arrivalOf(call, clock, limits);
      const refusal = refusalUnread(check, call.request, inFlight, turn.isOverlong(), limits);
      const decided = await complete(check, call.request, refusal, dependencies);
      const completed = check.cancelled ? decided : answerSafely(decided, respond);
      attempt('recording a decision', () => recorder.record(completed));
      attempt('counting a decision', () => observer.observe(completed));
    } catch (fault) {
      respond(null, lastResort);
      onFault('handling a check', fault);
    } finally {
      // Also a check that its caller gave up holds its place until its work has ended, at its deadline
      // at the latest: whoever cancels and asks again must not have more work done than maxChecks.
      inFlight -= 1;
    }
  }

  function attempt(where: string, run: () => void): void {
    try {
      run();
    } catch (fault) {
      onFault(where, fault);
    }
  }

  const implementation = {
    Check: (call: CheckCall, respond: Respond): void => {
      void handle(call, respond);
    },
  };
  return { definition, implementation, inFlight: () => inFlight };
}

/** Decides a check that has just come in; a fault on the way is a denial. */
async function complete(
  check: Check,
  message: Buffer,
  refusal: Denial | undefined,
  { gate, clock, decode, onFault }: CheckServiceDependencies,
): Promise<CompletedCheck> {
  let policy = noPolicy;
  let decision: Decision;
  try {
    const currentGate = gate();
    policy = currentGate.policy.identity;
    if (refusal === undefined) check.attributes = decode(message);
    decision = refusal ?? (await decide(currentGate, check, clock));
    policy = check.verdict?.policy ?? policy;
  } catch (fault) {
    onFault('deciding a check', fault);
    decision = new Denial('internal', messageOf(fault));
  }
  return { check, decision, policy, durationMs: clock.monotonicMs() - check.startedMs };
}

/** Why a check is denied without being read: reading it would cost what is being protected. */
function refusalUnread(
  check: Check,
  message: Buffer,
  inFlight: number,
  isLate: boolean,
  { maxChecksInFlight, maxMessageBytes }: CheckLimits,
): Denial | undefined {
  if (inFlight > maxChecksInFlight) {
    return new Denial('overloaded', `more than ${maxChecksInFlight} checks at once`);
  }
  if (isLate) {
    return new Denial('overloaded', 'the checks before this one took too long');
  }
  if (message.length > maxMessageBytes) {
    const sizes = `${message.length} bytes, the limit is ${maxMessageBytes}`;
    return new Denial('bad_request', `the CheckRequest is too large: ${sizes}`);
  }
  if (check.deadlineMs <= check.startedMs) {
    return new Denial('deadline_exceeded', 'the caller left no time to decide');
  }
  return undefined;
}

const noPolicy: PolicyIdentity = { name: '', revision: '', path: '' };

type Answer = CheckServiceDependencies['answer'];

/** Returns what was really sent, which is not the decision when that could not be encoded. */
function createSafeAnswer(answer: Answer, lastResort: Uint8Array, onFault: OnFault) {
  const answerFailed = (failed: CompletedCheck): Uint8Array => {
    try {
      return answer(failed);
    } catch {
      return lastResort;
    }
  };
  return (completed: CompletedCheck, respond: Respond): CompletedCheck => {
    try {
      respond(null, answer(completed));
      return completed;
    } catch (fault) {
      onFault('answering a check', fault);
      const failed = { ...completed, decision: new Denial('internal', messageOf(fault)) };
      respond(null, answerFailed(failed));
      return failed;
    }
  };
}

const noCall = { getDeadline: () => Infinity, cancelled: false };

/** The denial for when no answer can be built, built while it still can be. */
function lastResortOf({ answer, clock, limits }: CheckServiceDependencies): Uint8Array {
  const check = arrivalOf(noCall, clock, limits);
  const decision = new Denial('internal', 'the answer could not be built');
  return answer({ check, decision, policy: noPolicy, durationMs: 0 });
}

/** Bytes in and bytes out, so that a message that cannot be decoded is ours to answer. */
const definition = {
  Check: {
    path: '/envoy.service.auth.v3.Authorization/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: asBuffer,
    requestDeserialize: asBuffer,
    responseSerialize: asBuffer,
    responseDeserialize: asBuffer,
  },
};

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
