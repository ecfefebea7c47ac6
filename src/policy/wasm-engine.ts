import type { PolicyEngine } from '../check/ports.ts';
import { Denial } from '../domain/decision.ts';
import { headersUnder } from '../domain/header.ts';
import { isJsonArray, isJsonObject, type JsonValue } from '../domain/json.ts';
import type { PolicyInput, PolicyVerdict } from '../domain/policy.ts';
import { type GrpcMethods, readGrpcMethods } from './body/grpc-body.ts';
import { BundleError } from './bundle-error.ts';
import type { PolicyBundle } from './bundle.ts';
import { inputDocument } from './input-document.ts';
import { jsonText } from './json-text.ts';
import { compileOpaModule, type OpaInstance } from './opa-module.ts';
import { interpretResult } from './result.ts';

export interface PolicyEngineOptions {
  /** The bundle's name, for example `example`. */
  readonly name: string;
  /** The decision's path, for example `envoy/authz/allow`. */
  readonly decision: string;
  readonly skipRequestBodyParse: boolean;
  /** A FileDescriptorSet; without it, gRPC bodies are not parsed. */
  readonly protoDescriptor?: Uint8Array;
  /** Headers that policies may neither write nor remove, for example `x-sallyport-`. */
  readonly reservedHeaderPrefix: string;
}

/**
 * Evaluates one decision of a bundle, synchronously. Throws a BundleError for a bundle that cannot
 * answer it here.
 */
export function createPolicyEngine(
  bundle: PolicyBundle,
  options: PolicyEngineOptions,
): PolicyEngine {
  const { name, decision, skipRequestBodyParse, protoDescriptor } = options;
  const isReserved = headersUnder(options.reservedHeaderPrefix);
  const grpcMethods = protoDescriptor && readDescriptor(protoDescriptor);
  const inputOptions = { skipRequestBodyParse, grpcMethods };
  const evaluateText = createEvaluator(bundle, decision);

  return {
    identity: { name, revision: bundle.revision, path: decision },
    evaluate(question): PolicyVerdict {
      let input: PolicyInput | undefined;
      try {
        const document = inputDocument(question, inputOptions);
        if (document instanceof Denial) return unanswered(document, input);
        input = { document, text: jsonText(document) };
        const result = evaluateText(input.text);
        return { input, ...interpretResult(result, isReserved) };
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error);
        return unanswered(
          new Denial('policy_unavailable', `the evaluation failed: ${detail}`),
          input,
        );
      }
    },
  };
}

function unanswered(decision: Denial, input: PolicyInput | undefined): PolicyVerdict {
  return { decision, input, result: undefined, rule: undefined, reasons: [], limits: [] };
}

/** Inputs up to this length share an instance; a larger one has its own, for its memory never shrinks. */
const maxSharedLength = 128 * 1024;

/**
 * What evaluates input texts, on one instance. One that failed, whose memory may be in any state, is
 * never used again.
 */
function createEvaluator(
  bundle: PolicyBundle,
  decision: string,
): (inputText: string) => JsonValue | undefined {
  const instantiate = compileOpaModule(moduleFor(bundle, decision), bundle.data);
  let shared: OpaInstance | undefined = instantiate(0);
  if (!shared.entrypoints.includes(decision)) {
    throw missingEntrypoint(decision, shared.entrypoints);
  }

  return (inputText) => {
    if (inputText.length > maxSharedLength) {
      return singleResult(instantiate(inputText.length).evaluate(decision, inputText));
    }
    const instance: OpaInstance = shared ?? instantiate(0);
    shared = undefined;
    const results = instance.evaluate(decision, inputText);
    shared = instance;
    return singleResult(results);
  };
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
function singleResult(results: JsonValue): JsonValue | undefined {
  if (isJsonArray(results) && results.length <= 1) {
    const [only] = results;
    if (only === undefined) return undefined;
    if (isJsonObject(only) && only['result'] !== undefined) return only['result'];
  }
  throw new Error('the policy gave no result set of one result');
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
