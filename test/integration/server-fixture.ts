import type { TestContext } from 'node:test';
import type { MethodDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type { ListenAddress } from '../../src/domain/listen-address.ts';
import type { CompletedCheck } from '../../src/check/check.ts';
import type { Gate } from '../../src/check/decide.ts';
import type { DecisionRecorder } from '../../src/check/ports.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { Denial, noEdits } from '../../src/domain/decision/decision.ts';
import type { LimitsVerdict } from '../../src/domain/limits/limit.ts';
import { denied } from '../../src/domain/decision/reason.ts';
import { decodeCheckRequest } from '../../src/envoy/decode-check-request.ts';
import type { CheckResponse } from '../../src/server/check-client.ts';
import { createCheckService, type CheckLimits } from '../../src/server/check-service.ts';
import { createGrpcServer, type GrpcServerOptions } from '../../src/server/grpc-server.ts';
import { createHealthService } from '../../src/server/health/health-service.ts';
import type { TlsDoorOptions } from '../../src/server/tls/tls-door.ts';
import { requestFrom } from '../unit/request-fixture.ts';

export const loopback: ListenAddress = { kind: 'tcp', host: '127.0.0.1', port: 0 };

const protoRoot = new URL('../../proto', import.meta.url).pathname;
const wire = loadSync('envoy/service/auth/v3/external_auth.proto', { includeDirs: [protoRoot] });
const { Check: checkMethod } = wire['envoy.service.auth.v3.Authorization'] as unknown as {
  Check: MethodDefinition<object, CheckResponse>;
};

/** The bytes of a CheckRequest whose path is what the test looks for in what was recorded. */
export function checkRequest(path = '/orders', parts: object = {}): Buffer {
  const http = { method: 'GET', path, host: 'orders.shop', ...parts };
  return checkMethod.requestSerialize({ attributes: { request: { http } } });
}

export const within: LimitsVerdict = { outcome: 'within', states: [] };

/** A gate that allows everything; the limiter stands for whatever takes time. */
export function gateWith(take: Gate['limiter']['take'] = () => within): Gate {
  return {
    requests: {
      read: (attributes) => requestFrom({ path: attributes.request?.http?.path ?? '' }),
    },
    callers: { resolve: () => undefined },
    policy: {
      identity: { name: 'example', revision: '1', path: 'envoy/authz/allow' },
      evaluate: () => ({
        decision: { outcome: 'allow', reason: 'allowed', edits: noEdits },
        input: undefined,
        result: true,
        rule: undefined,
        reasons: [],
        limits: [],
      }),
    },
    limiter: { take },
  };
}

export function answer({ decision }: CompletedCheck): Uint8Array {
  const { reason } = decision;
  const headers = [{ header: { key: 'x-sallyport-reason', value: reason } }];
  return checkMethod.responseSerialize(
    decision instanceof Denial
      ? {
          status: { code: 7 },
          deniedResponse: { status: { code: denied[decision.reason].httpStatus }, headers },
        }
      : { status: { code: 0 }, okResponse: { headers } },
  );
}

/** The answer as Envoy reads it: only a status that is there and not 0 denies. */
export function verdictIn(bytes: Buffer | undefined): string {
  if (bytes === undefined) return 'no answer';
  const { status, deniedResponse, okResponse } = checkMethod.responseDeserialize(bytes);
  const headers = (deniedResponse ?? okResponse)?.headers ?? [];
  const outcome = (status?.code ?? 0) === 0 ? 'allow' : 'deny';
  return `${outcome} ${headers[0]?.header?.value}`;
}

/** What a test may set; the rest is as in the shipped configuration. */
export interface Parts {
  readonly gate?: () => Gate;
  readonly answer?: typeof answer;
  readonly recorder?: DecisionRecorder;
  readonly options?: Partial<GrpcServerOptions>;
  readonly limits?: Partial<CheckLimits>;
  readonly tls?: TlsDoorOptions;
}

export async function startServer(t: TestContext, parts: Parts = {}) {
  const recorded: CompletedCheck[] = [];
  const faults: string[] = [];
  const onFault = (where: string, fault: unknown): void => {
    faults.push(`${where}: ${String(fault)}`);
  };
  const maxMessageBytes = 64 * 1024;
  const checks = createCheckService({
    gate: parts.gate ?? (() => gateWith()),
    clock: systemClock,
    decode: decodeCheckRequest,
    answer: parts.answer ?? answer,
    recorder: parts.recorder ?? { record: (completed) => recorded.push(completed) },
    observer: { observe: () => {} },
    limits: {
      maxMessageBytes,
      maxChecksInFlight: 1000,
      checkTimeoutMs: 1000,
      deadlineMarginMs: 20,
      ...parts.limits,
    },
    onFault,
  });
  const health = createHealthService();
  const options: GrpcServerOptions = {
    address: loopback,
    maxMessageBytes,
    maxConcurrentStreams: 100,
    keepalive: { intervalMs: 30_000, timeoutMs: 10_000 },
    connectionAge: { maxMs: 1_800_000, graceMs: 30_000 },
    drainTimeoutMs: 2000,
    ...parts.options,
  };
  const server = createGrpcServer(options, [checks, health], onFault, parts.tls);
  const address = await server.start();
  t.after(() => server.drain());
  return { server, health, address, recorded, faults };
}
