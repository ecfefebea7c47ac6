import { fileURLToPath } from 'node:url';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';

/** Envoy's rate limit protocol, as envoyproxy/ratelimit answers it. */
export const rateLimitService = loadService();
export const rateLimitPath = '/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit';

export interface RateLimitRequest {
  readonly domain: string;
  readonly descriptors: readonly {
    readonly entries: readonly { readonly key: string; readonly value: string }[];
  }[];
}

export interface RateLimitResponse {
  readonly overallCode: number;
  readonly statuses: readonly {
    readonly code: number;
    readonly currentLimit?: { readonly requestsPerUnit: number; readonly unit: number } | null;
    readonly limitRemaining?: number;
    readonly durationUntilReset?: { readonly seconds: number; readonly nanos?: number };
  }[];
}

export const codes = { ok: 1, overLimit: 2 } as const;

/** In the protocol's numbers, with their length. */
export const units = {
  minute: { number: 2, ms: 60_000 },
  hour: { number: 3, ms: 3_600_000 },
  day: { number: 4, ms: 86_400_000 },
} as const;

export function encodeRateLimitRequest(request: RateLimitRequest): Buffer {
  return method().requestSerialize(request);
}

export function decodeRateLimitResponse(bytes: Buffer): RateLimitResponse {
  return method().responseDeserialize(bytes) as RateLimitResponse;
}

function method(): ServiceDefinition[string] {
  const found = rateLimitService['ShouldRateLimit'];
  if (found === undefined) throw new Error('rate-limit.proto has no ShouldRateLimit');
  return found;
}

function loadService(): ServiceDefinition {
  const file = fileURLToPath(new URL('rate-limit.proto', import.meta.url));
  const definition = loadSync(file, { longs: Number, arrays: true });
  return definition['envoy.service.ratelimit.v3.RateLimitService'] as ServiceDefinition;
}
