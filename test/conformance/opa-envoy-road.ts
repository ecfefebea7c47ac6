/** The road of a check, without its transport: wire, request, policy, answer, wire. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyEngine } from '../../src/check/ports.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { type Decision, Denial } from '../../src/domain/decision/decision.ts';
import type { PathAmbiguity } from '../../src/domain/request/path.ts';
import type { PolicyVerdict } from '../../src/domain/decision/policy.ts';
import type { RequestView } from '../../src/domain/request/request.ts';
import { createAnswerer } from '../../src/envoy/answer.ts';
import { decodeCheckRequest } from '../../src/envoy/decode-check-request.ts';
import { createRequestReader } from '../../src/envoy/request-view.ts';
import { readSnapshot } from '../../src/policy/bundles/contents/read-bundle.ts';
import { createPolicyEngine, type PolicyEngineOptions } from '../../src/policy/wasm-engine.ts';
import { completed, decisionId } from '../unit/envoy/completed-check.ts';
import { checkRequest } from '../unit/envoy/protos.ts';
import { verdictAtOnce } from '../unit/policy/at-once.ts';
import { shopDescriptorSet } from '../unit/policy/shop-descriptor.ts';

const bundles = join(import.meta.dirname, '../fixtures/bundles');
const headerPrefix = 'x-sallyport-';

/** Asks the named fixture bundle. */
export async function engineOf(
  bundle: string,
  more: Partial<PolicyEngineOptions> = {},
): Promise<PolicyEngine> {
  const snapshot = await readSnapshot(readFileSync(join(bundles, `${bundle}.tar.gz`)));
  return createPolicyEngine(snapshot, 'envoy/authz/allow', {
    name: bundle,
    skipRequestBodyParse: false,
    maxBodyBytes: 64 * 1024 * 1024,
    maxFuel: 3_000_000,
    protoDescriptor: shopDescriptorSet(),
    reservedHeaderPrefix: headerPrefix,
    ...more,
  });
}

/** A CheckRequest's attributes as protobuf's JSON; what Envoy always sends need not be said. */
export interface Attributes {
  readonly http: object;
  readonly source?: object | undefined;
  readonly contextExtensions?: Readonly<Record<string, string>>;
}

/** What the engine says of a request, or what the request reader said before it. */
export function askedOf(
  engine: PolicyEngine,
  attributes: Attributes,
  relaxedPaths: readonly PathAmbiguity[] = [],
): Pick<PolicyVerdict, 'decision' | 'input'> {
  const request = readRequest(attributes, relaxedPaths);
  if (request instanceof Denial) return { decision: request, input: undefined };
  return verdictAtOnce(engine, { request, caller: undefined });
}

function readRequest(
  { http, ...attributes }: Attributes,
  relaxedPaths: readonly PathAmbiguity[],
): RequestView | Denial {
  const whole = { method: 'GET', path: '/', host: 'shop.example', ...http };
  const wire = checkRequest.encode({ attributes: { ...attributes, request: { http: whole } } });
  return createRequestReader({ relaxedPaths }).read(decodeCheckRequest(wire) ?? {});
}

/**
 * What Envoy is told, as plain data. Names are sorted, for those of a policy's objects have no order;
 * the decision's id is DECISION_ID.
 */
export function answerOf(engine: PolicyEngine, attributes: Attributes): unknown {
  return told(askedOf(engine, attributes).decision);
}

/** The same where the policy may ask other hosts, for which it has ten seconds. */
export async function answerInTime(engine: PolicyEngine, attributes: Attributes): Promise<unknown> {
  const request = readRequest(attributes, []);
  if (request instanceof Denial) return told(request);
  const deadlineMs = systemClock.monotonicMs() + 10_000;
  return told((await engine.evaluate({ request, caller: undefined }, deadlineMs)).decision);
}

function told(decision: Decision): unknown {
  const answer = createAnswerer({ headerPrefix })(completed({ decision }));
  const text = JSON.stringify(answer, (_key, value: unknown) =>
    Array.isArray(value) ? value.toSorted(byName) : value,
  );
  return JSON.parse(text.replaceAll(decisionId, 'DECISION_ID')) as unknown;
}

interface Named {
  readonly name?: string;
  readonly key?: string;
}

function byName(a: Named, b: Named): number {
  return (a.name ?? a.key ?? '').localeCompare(b.name ?? b.key ?? '');
}
