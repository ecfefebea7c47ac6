import { type sendUnaryData, type ServerUnaryCall, status as grpcStatus } from '@grpc/grpc-js';
import type { GrpcService } from '../grpc-service.ts';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthListResponse,
  hasHealth,
  healthServices,
  notServing,
  serving,
} from './health-status.ts';
import { createHealthWatches, type WatchCall } from './health-watches.ts';
import { loadProtoService } from '../proto-service.ts';

export interface HealthService extends GrpcService {
  /** Not serving until told so, and not any more once it drains. */
  setServing(isServing: boolean): void;
  /** Watches are told that the server no longer serves, and ended. */
  drain(): void;
}

type CheckCall = ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>;

/** `grpc.health.v1.Health`: Check, Watch and List, for whoever reaches the port. */
export function createHealthService(): HealthService {
  const watches = createHealthWatches();
  let current = notServing;
  let draining = false;

  function setServing(isServing: boolean): void {
    const next = isServing && !draining ? serving : notServing;
    if (next === current) return;
    current = next;
    watches.tell(current);
  }

  function drain(): void {
    draining = true;
    setServing(false);
    watches.end();
  }

  const implementation = {
    Check: ({ request }: CheckCall, respond: sendUnaryData<HealthCheckResponse>): void => {
      if (hasHealth(request)) respond(null, current);
      else respond({ code: grpcStatus.NOT_FOUND, details: 'there is no such service' });
    },
    Watch: (call: WatchCall): void => {
      watches.add(call, current);
    },
    List: (_call: unknown, respond: sendUnaryData<HealthListResponse>): void => {
      const statuses = Object.fromEntries(healthServices.map((name) => [name, current]));
      respond(null, { statuses });
    },
  };

  const definition = loadProtoService('grpc/health/v1/health.proto', 'grpc.health.v1.Health', [
    'Check',
    'List',
    'Watch',
  ]);
  return { definition, implementation, setServing, drain };
}
