import type { BundleSettings } from '../../domain/bundle-settings.ts';
import { bundle, bundlesByName, type NameableBundle } from './bundle-schema.ts';
import type { OutsideConfig, PolicyConfig } from '../config.ts';
import { type OpaPolicy, opaPolicy } from '../opa/schema.ts';
import {
  type Conflict,
  conflictIf,
  defaulted,
  list,
  mapped,
  optional,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import { statusServer } from './status-schema.ts';
import { duration, filePath, flag, integer, oneOf, size, text } from '../schema/values.ts';

/** A rule, and so an entrypoint. */
export const decisionPath = /^[\w-]+(?:\/[\w-]+)*$/;

type WrittenPolicy = Omit<PolicyConfig, 'bundles'> & {
  readonly bundle?: NameableBundle;
  readonly bundles?: readonly BundleSettings[];
  readonly opa?: OpaPolicy;
};

const outside = section<OutsideConfig>(
  {
    hosts: required(
      'hosts',
      list(
        text(
          'host',
          'a host such as api.example, api.example:8443, 10.0.0.1 or [::1]:80',
          /^(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9][\w.-]*)(?::[1-9]\d{0,4})?$/,
        ),
        'hosts',
      ),
      'The only ones; without a port, any port of theirs.',
    ),
    maxTimeoutMs: defaulted(
      'timeout',
      duration('1ms', '1m'),
      '1s',
      'The longest that one request may take. The check’s own deadline holds beside it.',
    ),
    maxResponseBytes: defaulted(
      'maxResponse',
      size('1KiB', '64MiB'),
      '1MiB',
      'A larger response is none.',
    ),
    maxCacheBytes: defaulted(
      'cache',
      size('0B', '1GiB'),
      '16MiB',
      'For responses that say how long they hold, where the policy asks for that.',
    ),
  },
  ({ hosts }) =>
    conflictIf(hosts.length === 0, 'hosts', 'is empty; name hosts or remove policy.outside'),
);

const written = section<WrittenPolicy>(
  {
    bundle: optional('bundle', bundle, 'The policy: an OPA bundle with a WASM module.'),
    bundles: optional('bundles', bundlesByName, 'Several, whose roots do not overlap.'),
    opa: optional('opa', opaPolicy, 'OPA’s own `services`, `keys`, `bundles`, `status`.'),
    status: optional('status', statusServer, 'Who is told how the bundles fare, as OPA tells it.'),
    decision: defaulted(
      'decision',
      text(
        'decision path',
        'a path such as envoy/authz/allow, without a leading slash',
        decisionPath,
      ),
      'envoy/authz/allow',
      'The rule that answers.',
    ),
    decisionFrom: defaulted(
      'decisionFrom',
      oneOf(['configuration', 'contextExtensions']),
      'configuration',
      'Whether a route may name another rule, in its context extension `decision`.',
    ),
    protoDescriptor: optional(
      'protoDescriptor',
      filePath,
      'A FileDescriptorSet, with which gRPC bodies are parsed.',
    ),
    skipRequestBodyParse: defaulted(
      'skipRequestBodyParse',
      flag,
      'false',
      'Leave `input.parsed_body` out.',
    ),
    maxBodyBytes: defaulted(
      'maxBody',
      size('1KiB', '64MiB'),
      // The worst JSON takes 50 to 70 ms to parse, exact numbers kept; all other checks wait as long.
      '256KiB',
      'The largest body that is parsed; a larger one is denied by a policy that reads bodies.',
    ),
    maxFuel: defaulted(
      'maxFuel',
      integer(10_000, 2 ** 31 - 1),
      // 15 ms where a unit takes the 3 ns that most policies measure, 30 ms for the slowest (patterns):
      // all other checks wait as long. A policy of a few rules uses 1,600 units, one that verifies a
      // token 25,000, 500 entries compared with 500 others 3,080,000, and of OPA's 4,427 conformance
      // cases the greediest 1,490,000.
      '5000000',
      'What one evaluation may use, in units of about 3 ns; one that needs more is denied.',
    ),
    outside: optional(
      'outside',
      outside,
      'What policies may ask of other hosts, with `http.send` and `net.lookup_ip_addr`.',
    ),
  },
  conflictsOf,
);

export const policy: Schema<PolicyConfig> = mapped(
  written,
  ({ bundle: only, bundles = [], opa, ...rest }) => ({
    ...(opa?.status && { status: opa.status }),
    ...rest,
    bundles: only === undefined ? [...bundles, ...(opa?.bundles ?? [])] : [only()],
  }),
);

function conflictsOf({ bundle: only, bundles, opa, status }: WrittenPolicy): readonly Conflict[] {
  const given = [only, bundles, opa].filter((value) => value !== undefined).length;
  if (given === 0) return [];
  if (given > 1) {
    return [{ key: 'bundle', message: 'only one of bundle, bundles and opa can be given' }];
  }
  if (status !== undefined && opa?.status !== undefined) {
    return [{ key: 'status', message: 'is also in policy.opa; keep one of them' }];
  }
  const isEmpty = only === undefined && (bundles ?? opa?.bundles ?? []).length === 0;
  const key = bundles === undefined ? 'opa' : 'bundles';
  return isEmpty ? [{ key, message: 'names no bundle, so nothing could decide' }] : [];
}
