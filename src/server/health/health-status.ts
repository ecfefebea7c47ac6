/** The messages of `grpc.health.v1` that are used here. */
export interface HealthCheckRequest {
  readonly service?: string;
}

export interface HealthCheckResponse {
  readonly status: number;
}

export interface HealthListResponse {
  readonly statuses: Readonly<Record<string, HealthCheckResponse>>;
}

export const serving: HealthCheckResponse = { status: 1 };
export const notServing: HealthCheckResponse = { status: 2 };
export const serviceUnknown: HealthCheckResponse = { status: 3 };

/** The whole server, which has no name, and the one service that it has. */
export const healthServices: readonly string[] = ['', 'envoy.service.auth.v3.Authorization'];

export function hasHealth({ service = '' }: HealthCheckRequest): boolean {
  return healthServices.includes(service);
}
