/** The road of a check, without its transport: wire, request, policy, answer, wire. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyEngine } from '../../src/check/ports.ts';
import { Denial } from '../../src/domain/decision.ts';
import type { PathAmbiguity } from '../../src/domain/path.ts';
import type { PolicyVerdict } from '../../src/domain/policy.ts';
import { createAnswerer } from '../../src/envoy/answer.ts';
import { decodeCheckRequest } from '../../src/envoy/decode-check-request.ts';
import { createRequestReader } from '../../src/envoy/request-view.ts';
import { readSnapshot } from '../../src/policy/bundles/read-bundle.ts';
import { createPolicyEngine } from '../../src/policy/wasm-engine.ts';
import { completed, decisionId } from '../unit/envoy/completed-check.ts';
import { checkRequest } from '../unit/envoy/protos.ts';
import { verdictAtOnce } from '../unit/policy/at-once.ts';
import { shopDescriptorSet } from '../unit/policy/shop-descriptor.ts';

const bundles = join(import.meta.dirname, '../fixtures/bundles');
const headerPrefix = 'x-sallyport-';

/** Asks the named fixture bundle. */
export async function engineOf(
  bundle: string,
  skipRequestBodyParse = false,
): Promise<PolicyEngine> {
  const snapshot = await readSnapshot(readFileSync(join(bundles, `${bundle}.tar.gz`)));
  return createPolicyEngine(snapshot, 'envoy/authz/allow', {
    name: bundle,
    skipRequestBodyParse,
    maxFuel: 3_000_000,
    protoDescriptor: shopDescriptorSet(),
    reservedHeaderPrefix: headerPrefix,
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
  { http, ...attributes }: Attributes,
  relaxedPaths: readonly PathAmbiguity[] = [],
): Pick<PolicyVerdict, 'decision' | 'input'> {
  const whole = { method: 'GET', path: '/', host: 'shop.example', ...http };
  const wire = checkRequest.encode({ attributes: { ...attributes, request: { http: whole } } });
  const request = createRequestReader({ relaxedPaths }).read(decodeCheckRequest(wire) ?? {});
  if (request instanceof Denial) return { decision: request, input: undefined };
  return verdictAtOnce(engine, { request, caller: undefined });
}

/**
 * What Envoy is told, as plain data. Names are sorted, for those of a policy's objects have no order;
 * the decision's id is DECISION_ID.
 */
export function answerOf(engine: PolicyEngine, attributes: Attributes): unknown {
  const { decision } = askedOf(engine, attributes);
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
