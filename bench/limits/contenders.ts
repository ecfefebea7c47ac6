import { once } from 'node:events';
import { type ChildProcess, fork } from 'node:child_process';
import { CannotMeasure } from '../cannot-measure.ts';
import { checkPath, encodeCheckRequest, isAllow } from '../check-request.ts';
import type { Server } from '../servers.ts';
import { framed, putLoad } from './grpc-load.ts';
import {
  callerName,
  callers,
  domainOf,
  hotDomains,
  type LimitCount,
  rateLimitRequest,
} from './measured-limits.ts';
import {
  codes,
  decodeRateLimitResponse,
  encodeRateLimitRequest,
  rateLimitPath,
} from './rate-limit-protocol.ts';

/** What is measured in one row of the report. */
export interface Contender {
  readonly name: string;
  readonly limits: LimitCount;
  /** Of the process that decides, where that is not Redis alone. */
  readonly pid?: number;
  /** Has so many requests decided, by callers in turn; rejects unless all are admitted. */
  decide(requests: number): Promise<void>;
  end?(): string | undefined;
}

export interface LoadShape {
  readonly connections: number;
  readonly streams: number;
}

/** A server that speaks Envoy's rate limit protocol. */
export function rateLimitContender(
  server: Server,
  limits: LimitCount,
  shape: LoadShape,
): Contender {
  const messages = framed(
    everyCaller((caller) => encodeRateLimitRequest(rateLimitRequest(limits, caller))),
  );
  return {
    ...server,
    limits,
    decide: (requests) =>
      putLoad({
        ...shape,
        address: server.address,
        path: rateLimitPath,
        requests,
        messages,
        isRight: (answer) => isCounted(answer, limits),
      }),
  };
}

export const wholeCheck = 'sallyport, the whole check';

/** A whole Sallyport, asked as Envoy's ext_authz asks it. */
export function checkContender(server: Server, limits: LimitCount, shape: LoadShape): Contender {
  const messages = framed(
    everyCaller((caller) => encodeCheckRequest({ 'x-tenant': callerName(caller) })),
  );
  return {
    ...server,
    name: wholeCheck,
    limits,
    decide: (requests) =>
      putLoad({
        ...shape,
        address: server.address,
        path: checkPath,
        requests,
        messages,
        isRight: isAllow,
      }),
  };
}

/** The limiter without any protocol; `stop` it. */
export async function startLimiterAlone(
  redisSocket: string,
): Promise<{ contenders: readonly Contender[]; stop: () => void }> {
  const child = fork(new URL('limiter-alone.ts', import.meta.url), [redisSocket]);
  await once(child, 'spawn');
  const contender = (name: string, limits: LimitCount, domain: string): Contender => ({
    name,
    limits,
    ...(child.pid !== undefined && { pid: child.pid }),
    decide: async (requests) => decideIn(child, requests, domain),
  });
  return {
    contenders: [
      contender('limiter alone', 1, domainOf(1)),
      contender('limiter alone', 3, domainOf(3)),
      ...hotDomains.map((domain) => contender(`limiter alone, one ${domain} key`, 1, domain)),
    ],
    stop: () => {
      child.disconnect();
    },
  };
}

async function decideIn(child: ChildProcess, requests: number, domain: string): Promise<void> {
  child.send({ requests, domain });
  const answers: unknown[] = await once(child, 'message');
  const [admitted] = answers;
  if (admitted !== requests) {
    throw new CannotMeasure(`the limiter admitted ${String(admitted)} of ${requests}`);
  }
}

function everyCaller(encode: (caller: number) => Buffer): readonly Buffer[] {
  return Array.from({ length: callers }, (_, caller) => encode(caller));
}

/** Admitted, and each limit is answered for: what is not configured is let through without a word. */
function isCounted(answer: Buffer, limits: LimitCount): boolean {
  const { overallCode, statuses } = decodeRateLimitResponse(answer);
  const counted = statuses.filter(
    ({ currentLimit }) => currentLimit !== undefined && currentLimit !== null,
  );
  return overallCode === codes.ok && counted.length === limits;
}
