import type { ServerConfig, ServerTlsConfig } from '../config.ts';
import {
  type Conflict,
  conflictIf,
  defaulted,
  filled,
  group,
  list,
  optional,
  required,
  section,
} from '../schema/schema.ts';
import {
  address,
  duration,
  filePath,
  integer,
  size,
  spiffePattern,
  unixSocket,
} from '../schema/values.ts';

const files = ['certificate', 'privateKey', 'clientCa'] as const;

function tlsConflicts(written: ServerTlsConfig): readonly Conflict[] {
  return written.workloadApi === undefined
    ? files.flatMap((key) => conflictIf(written[key] === undefined, key, 'is missing'))
    : files.flatMap((key) =>
        conflictIf(written[key] !== undefined, key, 'comes from workloadApi too; keep one of them'),
      );
}

const tls = section<ServerTlsConfig>(
  {
    certificate: optional(
      'certificate',
      filePath,
      'What Envoy is shown (PEM): ours, then those that lead to its authority. Watched.',
    ),
    privateKey: optional('privateKey', filePath, 'Of that certificate. Watched.'),
    clientCa: optional(
      'clientCa',
      filePath,
      'The authorities of clients, and no others; an old and a new one overlap. Watched.',
    ),
    workloadApi: optional(
      'workloadApi',
      unixSocket,
      'Instead of the files: a SPIFFE Workload API (SPIRE) gives and rotates them.',
    ),
    allowedClients: required(
      'allowedClients',
      filled(list(spiffePattern, 'SPIFFE IDs'), 'is empty; list your Envoys'),
      'Who may ask: `spiffe://prod/ns/istio-ingress/sa/*`.',
    ),
  },
  tlsConflicts,
);

/** The gRPC server that Envoy asks. */
export const server = section<ServerConfig & { workers: number }>({
  address: defaulted(
    'address',
    address,
    '0.0.0.0:9191',
    'Where Envoy asks: gRPC, with grpc.health.v1.',
  ),
  maxMessageBytes: defaulted(
    'maxMessage',
    size('4KiB', '64MiB'),
    '4MiB',
    'A larger check is denied as `bad_request`.',
  ),
  maxConcurrentStreams: defaulted(
    'maxConcurrentStreams',
    integer(1, 10_000),
    // Node refuses streams above it by an RPC error, and counts an aborted one for longer than
    // Envoy does: at Envoy's own cap, a client that aborts requests would fail those of others.
    '1000',
    'Checks at a time on one connection; more wait in Envoy. Keep it far above Envoy’s own cap.',
  ),
  maxChecksInFlight: defaulted(
    'maxChecks',
    integer(1, 1_000_000),
    '1000',
    'Checks at a time in the process; more are denied as `overloaded`.',
  ),
  checkTimeoutMs: defaulted(
    'checkTimeout',
    duration('1ms', '1m'),
    '150ms',
    'The time for a check whose caller names no timeout.',
  ),
  deadlineMarginMs: defaulted(
    'deadlineMargin',
    duration('0ms', '10s'),
    '20ms',
    'Kept of the time that the caller gives, for the way back.',
  ),
  keepalive: group(
    'keepalive',
    section<ServerConfig['keepalive']>(
      {
        intervalMs: defaulted(
          'interval',
          duration('1s', '1h'),
          '30s',
          'How often a connection is asked for a sign of life.',
        ),
        timeoutMs: defaulted(
          'timeout',
          duration('100ms', '1h'),
          '10s',
          'A connection without one is dropped after this.',
        ),
      },
      ({ intervalMs, timeoutMs }) =>
        conflictIf(timeoutMs > intervalMs, 'timeout', 'must not be longer than the interval'),
    ),
    'Drops connections whose peer is gone.',
  ),
  connectionAge: group(
    'connectionAge',
    section<ServerConfig['connectionAge']>({
      maxMs: defaulted(
        'max',
        duration('1s', '24h'),
        '30m',
        'An older connection is closed, so that Envoy balances anew.',
      ),
      graceMs: defaulted(
        'grace',
        duration('1s', '1h'),
        '30s',
        'Its checks may still finish for this long.',
      ),
    }),
    'Renews connections.',
  ),
  drainTimeoutMs: defaulted(
    'drainTimeout',
    duration('0ms', '1h'),
    '20s',
    'How long a stop waits for checks in flight.',
  ),
  tls: optional(
    'tls',
    tls,
    'Mutual TLS: who shows no certificate of an allowed client is not let in.',
  ),
  workers: defaulted('workers', integer(1, 1), '1', 'Processes; only 1 in this version.'),
});
