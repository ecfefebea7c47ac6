/**
 * Sallyport's limiter behind the protocol of envoyproxy/ratelimit, so that both can be asked the
 * same over the same wire. It is wired as the server wires it, and does nothing else.
 */
import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import type { LimitState, LimitsVerdict } from '../../src/domain/limits/limit.ts';
import { openMeasuredLimiter, requestBy } from './measured-limiter.ts';
import {
  codes,
  type RateLimitRequest,
  type RateLimitResponse,
  rateLimitService,
  units,
} from './rate-limit-protocol.ts';

const [address = '', redisSocket = ''] = process.argv.slice(2);
const ask = openMeasuredLimiter(redisSocket);

const server = new Server();
server.addService(rateLimitService, { ShouldRateLimit: answer });
server.bindAsync(address, ServerCredentials.createInsecure(), (error) => {
  if (error !== null) throw error;
});

function answer(
  { request }: ServerUnaryCall<RateLimitRequest, RateLimitResponse>,
  reply: sendUnaryData<RateLimitResponse>,
): void {
  const caller = request.descriptors[0]?.entries[0]?.value ?? '';
  void answerLater(ask(requestBy(request.domain, caller)), reply);
}

async function answerLater(
  asked: Promise<LimitsVerdict> | LimitsVerdict,
  reply: sendUnaryData<RateLimitResponse>,
): Promise<void> {
  const verdict = await asked;
  if (verdict.outcome === 'unavailable') reply(new Error(verdict.detail));
  else reply(null, responseOf(verdict));
}

function responseOf({ outcome, states }: LimitsVerdict): RateLimitResponse {
  return {
    overallCode: outcome === 'within' ? codes.ok : codes.overLimit,
    statuses: states.map(statusOf),
  };
}

function statusOf(state: LimitState): RateLimitResponse['statuses'][number] {
  const unit = Object.values(units).find(({ ms }) => ms === state.windowMs);
  return {
    code: state.result === 'over' ? codes.overLimit : codes.ok,
    currentLimit: { requestsPerUnit: state.quota, unit: unit?.number ?? 0 },
    limitRemaining: state.remaining,
    durationUntilReset: { seconds: Math.ceil(state.resetMs / 1000) },
  };
}
