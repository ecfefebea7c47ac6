import { type ServerWritableStream, status as grpcStatus } from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  hasHealth,
  serviceUnknown,
} from './health-status.ts';

export type WatchCall = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

/** The open Watch calls. */
export interface HealthWatches {
  add(watch: WatchCall, current: HealthCheckResponse): void;
  tell(current: HealthCheckResponse): void;
  /** Ends all of them, and whatever is added later. */
  end(): void;
}

const maxWatches = 1000;

export function createHealthWatches(): HealthWatches {
  const watches = new Set<WatchCall>();
  let ended = false;

  function add(watch: WatchCall, current: HealthCheckResponse): void {
    if (ended) {
      refuse(watch, 'the server is stopping');
    } else if (watches.size >= maxWatches) {
      refuse(watch, 'too many watches');
    } else {
      watches.add(watch);
      watch.on('cancelled', () => {
        watches.delete(watch);
      });
      watch.write(hasHealth(watch.request) ? current : serviceUnknown);
    }
  }

  function tell(current: HealthCheckResponse): void {
    for (const watch of watches) {
      if (hasHealth(watch.request)) watch.write(current);
    }
  }

  function end(): void {
    ended = true;
    for (const watch of watches) refuse(watch, 'the server is stopping');
    watches.clear();
  }

  return { add, tell, end };
}

/** Ends a call with a status, after what was written to it. */
function refuse(watch: WatchCall, details: string): void {
  watch.emit('error', { code: grpcStatus.UNAVAILABLE, details });
}
