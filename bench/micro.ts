import { compileMask } from '../src/audit/mask.ts';
import { formatRecord } from '../src/audit/record.ts';
import type { Check, CompletedCheck } from '../src/check/check.ts';
import { decide, type Gate } from '../src/check/decide.ts';
import { Denial } from '../src/domain/decision/decision.ts';
import type { RequestView } from '../src/domain/request/request.ts';
import { jsonText } from '../src/domain/json.ts';
import { systemClock } from '../src/domain/clock.ts';
import { createAnswerer } from '../src/envoy/answer.ts';
import { decodeCheckRequest } from '../src/envoy/decode-check-request.ts';
import { encodeCheckResponse } from '../src/envoy/encode-check-response.ts';
import { inputDocument } from '../src/policy/input/input-document.ts';
import { arrivalOf } from '../src/server/check-arrival.ts';
import { createTelemetry } from '../src/telemetry/telemetry.ts';
import { accessDecisions } from './access.ts';
import { encodeCheckRequest } from './check-request.ts';
import { evaluations } from './evaluations.ts';
import { openGate } from './gate.ts';
import { timeOpaBench } from './opa-bench.ts';
import { withToken } from './known-token.ts';
import { type Operation, type OperationTime, timeOperations } from './operations.ts';
import { tokenRefusals } from './refused-tokens.ts';
import { formatTable } from './table.ts';

const rounds = 25;

/** Times the stages of a check one by one, without a network and Redis, and all of them together. */
export async function measureStages(options: { readonly json: boolean }): Promise<string> {
  const times = [...(await timeOperations(await stages(), rounds)), ...timeOpaBench()];
  return options.json ? JSON.stringify(times) : format(times);
}

async function stages(): Promise<Operation[]> {
  const bytes = encodeCheckRequest();
  const gate = await openGate();
  const answer = createAnswerer({ headerPrefix: 'x-sallyport-' });
  const mask = compileMask([]);
  const { observer } = createTelemetry({ version: 'bench' });

  const completed = await complete(gate, bytes);
  const { attributes = {}, request, caller, deadlineMs } = allowed(completed);
  const known = await withToken(gate);
  const knownRequest = allowed(await complete(known.gate, known.message)).request;
  const wholeCheck = async (through: Gate, message: Buffer) => {
    const decided = await complete(through, message);
    observer.observe(decided);
    return [encodeCheckResponse(answer(decided)), formatRecord(decided, mask, {})];
  };
  const question = { request, caller };
  const limitQuestion = { ...question, rule: completed.check.verdict?.rule, named: [] };
  const inputOptions = {
    skipRequestBodyParse: false,
    maxBodyBytes: 256 * 1024,
    readsBody: true,
    grpcMethods: undefined,
  };

  return [
    { name: 'decode', run: () => decodeCheckRequest(bytes) },
    { name: 'request view', run: () => gate.requests.read(attributes) },
    { name: 'caller', run: () => gate.callers.resolve(request, deadlineMs) },
    {
      name: 'caller, with a known token',
      run: () => known.gate.callers.resolve(knownRequest, deadlineMs),
    },
    ...tokenRefusals(known.gate),
    { name: 'input document', run: () => inputDocument(question, inputOptions) },
    {
      name: 'input document and text',
      run: () => {
        const document = inputDocument(question, inputOptions);
        return document instanceof Denial ? document : jsonText(document);
      },
    },
    { name: 'policy, with its input', run: () => gate.policy.evaluate(question, deadlineMs) },
    ...(await accessDecisions(question)),
    ...(await evaluations()),
    { name: 'limits, in memory', run: () => gate.limiter.take(limitQuestion, deadlineMs) },
    { name: 'answer', run: () => answer(completed) },
    { name: 'answer and encode', run: () => encodeCheckResponse(answer(completed)) },
    { name: 'mask and write the record', run: () => formatRecord(completed, mask, {}) },
    { name: 'observe', run: () => observer.observe(completed) },
    { name: 'all of a check', run: () => wholeCheck(gate, bytes) },
    {
      name: 'all of a check, with a known token',
      run: () => wholeCheck(known.gate, known.message),
    },
  ];
}

const call = { getDeadline: () => Infinity, cancelled: false };

async function complete(gate: Gate, message: Buffer): Promise<CompletedCheck> {
  const check = arrivalOf(call, systemClock, { checkTimeoutMs: 150, deadlineMarginMs: 20 });
  check.attributes = decodeCheckRequest(message);
  const decision = await decide(gate, check, systemClock);
  const durationMs = systemClock.monotonicMs() - check.startedMs;
  return { check, decision, policy: gate.policy.identity, durationMs };
}

function allowed({ check, decision }: CompletedCheck): Check & { readonly request: RequestView } {
  const { request } = check;
  if (request === undefined || decision instanceof Denial) {
    throw new Error('the measured check is not allowed');
  }
  return { ...check, request };
}

function format(times: readonly OperationTime[]): string {
  const rows = times.map(({ name, micros: { median, min, max } }) => [
    name,
    ...[median, min, max].map((value) => value.toFixed(2)),
  ]);
  return formatTable([['µs an operation', 'median', 'min', 'max'], ...rows]);
}
