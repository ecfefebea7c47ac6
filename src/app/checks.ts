import type { CheckObserver, DecisionRecorder } from '../check/ports.ts';
import type { CompletedCheck } from '../check/check.ts';
import type { Clock } from '../domain/clock.ts';
import { createAnswerer } from '../envoy/answer.ts';
import { decodeCheckRequest } from '../envoy/decode-check-request.ts';
import { encodeCheckResponse } from '../envoy/encode-check-response.ts';
import { type CheckService, createCheckService } from '../server/check-service.ts';
import type { OnFault } from '../server/on-fault.ts';
import type { GateKeeper } from './gate/gate-keeper.ts';

export interface CheckDependencies {
  readonly keeper: GateKeeper;
  readonly clock: Clock;
  readonly recorder: DecisionRecorder;
  readonly observer: CheckObserver;
  readonly onFault: OnFault;
}

/** The service that answers Envoy, speaking its protobuf at both ends. */
export function createChecks({ keeper, ...rest }: CheckDependencies): CheckService {
  const { server, headers } = keeper.served.config;
  const answer = createAnswerer({
    headerPrefix: headers.prefix,
    rateLimit: headers.rateLimit,
  });
  return createCheckService({
    ...rest,
    gate: () => keeper.served.gate,
    decode: decodeCheckRequest,
    answer: (completed: CompletedCheck) => encodeCheckResponse(answer(completed)),
    limits: server,
  });
}
