import type { PolicyEngine } from '../check/ports.ts';
import { type Clock, systemClock } from '../domain/clock.ts';
import { Denial } from '../domain/decision/decision.ts';
import { messageOf } from '../domain/fault-message.ts';
import { headersUnder } from '../domain/request/header.ts';
import { isJsonArray, isJsonObject, type JsonObject, type JsonValue } from '../domain/json.ts';
import type { PolicyVerdict } from '../domain/decision/policy.ts';
import { type GrpcMethods, readGrpcMethods } from './input/body/grpc-body.ts';
import { BundleError } from './bundle-error.ts';
import type { PolicyBundle } from './policy-bundle.ts';
import { inputDocument, type InputOptions } from './input/input-document.ts';
import { parseJson } from './parse-json.ts';
import { type Projection, projectedText } from './input/projection.ts';
import {
  type Builtin,
  BuiltinDeadline,
  type BuiltinTable,
  type EvaluationScope,
} from './rego/builtin.ts';
import { hostBuiltins } from './rego/builtins.ts';
import { evaluateWithFetches } from './rego/builtins/http/evaluate-with-fetches.ts';
import type { Fetcher } from './rego/builtins/http/fetcher.ts';
import { interpretResult } from './result/result.ts';
import { unanswered } from './unanswered.ts';
import { loadPolicy, loadPolicyAside } from './wasm/load-policy.ts';
import type { PolicyPool } from './wasm/policy-pool.ts';

export interface PolicyEngineOptions {
  /** The bundle's name, for example `example`. */
  readonly name: string;
  readonly skipRequestBodyParse: boolean;
  /** A larger body is denied by a policy that reads bodies, and left unparsed for one that does not. */
  readonly maxBodyBytes: number;
  /** A FileDescriptorSet; without it, gRPC bodies are not parsed. */
  readonly protoDescriptor?: Uint8Array;
  /** Headers that policies may neither write nor remove, for example `x-sallyport-`. */
  readonly reservedHeaderPrefix: string;
  /** Units of fuel that an evaluation may use; about 3 ns each. One that needs more is a denial. */
  readonly maxFuel: number;
  /** Beside those of `hostBuiltins`: what needs a codec, which other rooms own. */
  readonly builtins?: BuiltinTable;
  /** Whose time policies have; absent: the system's. */
  readonly clock?: Clock;
  /** Without it, a bundle that asks something of other hosts is refused. */
  readonly outside?: Outside;
}

/** Other hosts, as far as policies may ask them. */
export interface Outside {
  readonly builtins: BuiltinTable;
  readonly fetcher: Fetcher;
  /** What deadlines are on. */
  readonly clock: Clock;
}

/**
 * Evaluates one decision of a bundle, for example `envoy/authz/allow`: at once but for questions to
 * other hosts. Throws a BundleError for a bundle that cannot answer it here.
 */
export function createPolicyEngine(
  bundle: PolicyBundle,
  decision: string,
  options: PolicyEngineOptions,
): PolicyEngine {
  const source = { wasm: moduleFor(bundle, decision), data: bundle.data };
  return engineOf(bundle, decision, options, loadPolicy(source, builtinsOf(options)));
}

/** Like `createPolicyEngine`, while checks go on. */
export async function loadPolicyEngine(
  bundle: PolicyBundle,
  decision: string,
  options: PolicyEngineOptions,
): Promise<PolicyEngine> {
  const wasm = moduleFor(bundle, decision);
  return engineOf(bundle, decision, options, await loadPool(bundle, wasm, options));
}

/**
 * Every decision of a bundle with its engine. Those of one module share what it is compiled to, and
 * its data.
 */
export async function loadPolicyEngines(
  bundle: PolicyBundle,
  options: PolicyEngineOptions,
): Promise<Map<string, PolicyEngine>> {
  const engines = new Map<string, PolicyEngine>();
  const byModule = Map.groupBy(bundle.modules.keys(), (path) => moduleFor(bundle, path));
  // One after another, because each takes a worker and the memory of the data.
  for (const [wasm, decisions] of byModule) {
    const pool = await loadPool(bundle, wasm, options);
    for (const path of decisions) engines.set(path, engineOf(bundle, path, options, pool));
  }
  return engines;
}

async function loadPool(
  { data, modules, owners }: PolicyBundle,
  wasm: Uint8Array<ArrayBuffer>,
  options: PolicyEngineOptions,
): Promise<PolicyPool> {
  try {
    return await loadPolicyAside({ wasm, data }, builtinsOf(options));
  } catch (error) {
    const [entrypoint = ''] = [...modules.keys()].filter((path) => modules.get(path) === wasm);
    throw blamed(error, owners?.get(entrypoint));
  }
}

/** Of several bundles, the one whose module it is may not be the one that has just come. */
function blamed(error: unknown, owner: string | undefined): unknown {
  if (!(error instanceof BundleError) || owner === undefined) return error;
  return new BundleError(`bundle ${owner} cannot serve: ${error.message}`, { cause: error });
}

function builtinsOf({ builtins, outside }: PolicyEngineOptions): ReadonlyMap<string, Builtin> {
  const more = Object.entries({ ...builtins, ...outside?.builtins });
  return more.length === 0 ? hostBuiltins : new Map([...hostBuiltins, ...more]);
}

function engineOf(
  bundle: PolicyBundle,
  decision: string,
  options: PolicyEngineOptions,
  pool: PolicyPool,
): PolicyEngine {
  const { maxFuel, outside, clock = systemClock } = options;
  const isReserved = headersUnder(options.reservedHeaderPrefix);
  const { entrypoints, projections } = pool.module;
  const entrypoint = entrypoints.get(decision);
  if (entrypoint === undefined) throw missingEntrypoint(decision, [...entrypoints.keys()]);

  const projection = projections.get(decision) ?? 'whole';
  const textFor = projectedText(projection);
  const inputOptions = inputOptionsOf(options, projection);

  const evaluateOnce = (input: JsonObject, text: string, scope: EvaluationScope): PolicyVerdict => {
    const { json, fuel } = pool.evaluate({ entrypoint, input: text, scope, fuel: maxFuel });
    return { input, fuel, ...interpretResult(singleResult(parseJson(json)), isReserved) };
  };

  return {
    identity: identityOf(bundle, options.name, decision),
    evaluate(question, deadlineMs) {
      let input: JsonObject | undefined;
      const fail = (error: unknown): PolicyVerdict => unanswered(failure(error), input);
      try {
        const document = inputDocument(question, inputOptions);
        if (document instanceof Denial) return unanswered(document);
        input = document;
        const text = textFor(document);
        const nowNs = BigInt(Math.trunc(clock.nowMs())) * 1_000_000n;
        if (outside === undefined) {
          return evaluateOnce(document, text, { nowNs, remembered: new Map() });
        }
        const verdict = evaluateWithFetches(
          (remembered) => evaluateOnce(document, text, { nowNs, remembered }),
          outside.fetcher,
          () => signalAt(deadlineMs, outside.clock),
        );
        return verdict instanceof Promise ? verdict.catch(fail) : verdict;
      } catch (error) {
        return fail(error);
      }
    },
  };
}

function inputOptionsOf(
  { skipRequestBodyParse, maxBodyBytes, protoDescriptor }: PolicyEngineOptions,
  projection: Projection,
): InputOptions {
  const readsBody = projection === 'whole' || bodyMembers.some((name) => projection.has(name));
  const grpcMethods = protoDescriptor && readDescriptor(protoDescriptor);
  return { skipRequestBodyParse, maxBodyBytes, readsBody, grpcMethods };
}

/** What of the input says what is in a body. */
const bodyMembers = ['parsed_body', 'truncated_body'];

function identityOf({ revision, parts }: PolicyBundle, name: string, decision: string) {
  return { name, revision, path: decision, ...(parts && { bundles: parts }) };
}

function failure(error: unknown): Denial {
  const detail = messageOf(error);
  if (error instanceof BuiltinDeadline) return new Denial('deadline_exceeded', detail);
  return new Denial('policy_unavailable', `the evaluation failed: ${detail}`);
}

function signalAt(deadlineMs: number, clock: Clock): AbortSignal {
  return AbortSignal.timeout(Math.max(Math.ceil(deadlineMs - clock.monotonicMs()), 0));
}

function moduleFor({ modules }: PolicyBundle, decision: string): Uint8Array<ArrayBuffer> {
  const module = modules.get(decision);
  if (module !== undefined) return module;
  if (modules.size > 0) throw missingEntrypoint(decision, [...modules.keys()]);
  throw new BundleError(
    `the bundle has no WASM module: build it with opa build -t wasm -e ${decision}`,
  );
}

function missingEntrypoint(decision: string, present: readonly string[]): BundleError {
  return new BundleError(
    `the bundle has no entrypoint ${decision}: choose one of ${present.join(', ')}, ` +
      `or build it with opa build -t wasm -e ${decision}`,
  );
}

/** OPA's result set for one document: `[{result: …}]`, or `[]` when it is undefined. */
function singleResult(results: JsonValue | undefined): JsonValue | undefined {
  if (isJsonArray(results) && results.length <= 1) {
    const [only] = results;
    if (only === undefined) return undefined;
    if (isJsonObject(only) && only['result'] !== undefined) return only['result'];
  }
  throw new Error('the policy gave no result set of one result, or one that nests too deep');
}

function readDescriptor(descriptorSet: Uint8Array): GrpcMethods {
  try {
    return readGrpcMethods(descriptorSet);
  } catch (error) {
    throw new BundleError(
      'the proto descriptor is not a complete FileDescriptorSet: build it with protoc ' +
        '--include_imports --descriptor_set_out, or buf build -o',
      { cause: error },
    );
  }
}
