/** One metric: what /metrics says of it, and what docs/metrics.md explains. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** Every metric that Sallyport has of its own. The names are a contract with dashboards. */
export const metrics = {
  checks: {
    name: 'sallyport_checks_total',
    help: 'Checks answered',
    labelNames: ['outcome', 'reason'],
  },
  checkDuration: {
    name: 'sallyport_check_duration_seconds',
    help: 'Time from the arrival of a check to its decision',
    labelNames: ['outcome'],
  },
  stageDuration: {
    name: 'sallyport_stage_duration_seconds',
    help: 'Time that a check spent in one stage',
    labelNames: ['stage'],
  },
  checksInFlight: {
    name: 'sallyport_checks_in_flight',
    help: 'Checks that have arrived and are not answered yet',
    labelNames: [],
  },
  denials: {
    name: 'sallyport_denials_total',
    help: 'Checks denied, by whom they were for; what does not fit the bound is counted as other',
    labelNames: ['caller', 'service', 'method', 'reason'],
  },
  limitDecisions: {
    name: 'sallyport_limit_decisions_total',
    help: 'What each limit said of the checks that it applied to',
    labelNames: ['limit', 'mode', 'result'],
  },
  limitsNear: {
    name: 'sallyport_limit_near_total',
    help: 'Requests within a limit that left less than a fifth of its burst',
    labelNames: ['limit'],
  },
  limitsDegraded: {
    name: 'sallyport_limits_degraded_total',
    help: 'How each limit was decided while its store did not answer: allow, deny or local',
    labelNames: ['limit', 'how'],
  },
  grants: {
    name: 'sallyport_grants',
    help: 'Grants that there are, by what they are on this replica',
    labelNames: ['state'],
  },
  grantUses: {
    name: 'sallyport_grant_uses_total',
    help: 'Requests that a grant let through, by the service that it is for',
    labelNames: ['service'],
  },
  redisUp: {
    name: 'sallyport_redis_up',
    help: '1 while the limit store answers, 0 while it does not; absent without Redis',
    labelNames: [],
  },
  bundleRevision: {
    name: 'sallyport_bundle_revision_info',
    help: 'Always 1: the revision of each bundle that decides now',
    labelNames: ['name', 'revision'],
  },
  bundleLastSuccess: {
    name: 'sallyport_bundle_last_success_timestamp_seconds',
    help: 'When each bundle was last put in place, or found unchanged',
    labelNames: ['name'],
  },
  bundleLastRequest: {
    name: 'sallyport_bundle_last_request_timestamp_seconds',
    help: 'When each bundle was last asked for',
    labelNames: ['name'],
  },
  bundleLastAnswer: {
    name: 'sallyport_bundle_last_answer_timestamp_seconds',
    help: 'When each bundle was last asked for and the answer was good, with news or without',
    labelNames: ['name'],
  },
  bundleLastDownload: {
    name: 'sallyport_bundle_last_download_timestamp_seconds',
    help: 'When the content of each bundle last came, whether or not it could serve',
    labelNames: ['name'],
  },
  bundleLastActivation: {
    name: 'sallyport_bundle_last_activation_timestamp_seconds',
    help: 'When the revision of each bundle that decides now was put in place',
    labelNames: ['name'],
  },
  bundleRequest: {
    name: 'sallyport_bundle_request_seconds',
    help: 'How long the last good answer for each bundle took, with its download',
    labelNames: ['name'],
  },
  bundleLoad: {
    name: 'sallyport_bundle_load_seconds',
    help: 'How long it took to verify, read and put in place what each bundle last brought',
    labelNames: ['name'],
  },
  bundleChecks: {
    name: 'sallyport_bundle_checks_total',
    help: 'How often each bundle was asked for, and what came of it',
    labelNames: ['name', 'result'],
  },
  bundleFailures: {
    name: 'sallyport_bundle_failures_total',
    help: 'Checks of a bundle that failed, by HTTP status; 0 where the server was not the reason',
    labelNames: ['name', 'code'],
  },
  statusReports: {
    name: 'sallyport_status_reports_total',
    help: 'How often a server was told how the bundles fare, and whether it took it',
    labelNames: ['result'],
  },
  certificateNotAfter: {
    name: 'sallyport_certificate_not_after_timestamp_seconds',
    help: 'When each certificate expires; of callers, the one that does first',
    labelNames: ['role', 'subject'],
  },
  certificateExpiring: {
    name: 'sallyport_certificate_expiring_total',
    help: 'Certificates that came within 72, 24 or 6 hours of their end, or to it',
    labelNames: ['role', 'within'],
  },
  handshakeFailures: {
    name: 'sallyport_tls_handshake_failures_total',
    help: 'Connections that were not let in, by the network that they came from',
    labelNames: ['source', 'cause'],
  },
  tokens: {
    name: 'sallyport_tokens_total',
    help: 'Tokens that were shown, by issuer, and what came of them before who showed them mattered',
    labelNames: ['issuer', 'result'],
  },
  keyFetches: {
    name: 'sallyport_jwks_fetches_total',
    help: 'How often the keys of each issuer were asked for, and what came of it',
    labelNames: ['issuer', 'result'],
  },
  keysLastSuccess: {
    name: 'sallyport_jwks_last_success_timestamp_seconds',
    help: 'When the keys of each issuer last came from its server',
    labelNames: ['issuer'],
  },
  reloads: {
    name: 'sallyport_reload_total',
    help: 'Attempts to load something anew while serving',
    labelNames: ['what', 'result'],
  },
  auditDropped: {
    name: 'sallyport_audit_dropped_total',
    help: 'Decision records, or parts of them, that did not reach a sink',
    labelNames: ['sink', 'cause'],
  },
  insecureOption: {
    name: 'sallyport_insecure_option',
    help: 'Always 1: a configured option that weakens the defaults',
    labelNames: ['name'],
  },
  build: {
    name: 'sallyport_build_info',
    help: 'Always 1: the version that runs',
    labelNames: ['version'],
  },
} as const satisfies Record<string, Metric>;
