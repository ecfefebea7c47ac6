import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

/** A service as the server mounts it. */
export interface GrpcService {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
  /** Called when the server begins to drain: ends the calls that would not end by themselves. */
  readonly drain?: () => void;
}
