import type { Clock } from '../domain/clock.ts';
import { type Board, type Seen, versionLength } from './bulletin.ts';
import type { ScriptRunner } from '../domain/script-runner.ts';

/** For a process that shares nothing. A clock that is set back makes nothing hold for longer. */
export function createMemoryBoard(clock: Clock): Board {
  const aheadMs = clock.nowMs() - clock.monotonicMs();
  let text = '';
  return {
    isUp: () => true,
    look(known, next) {
      const isKnown = text.slice(0, versionLength) === known;
      const seen = { nowMs: clock.monotonicMs() + aheadMs, text: isKnown ? undefined : text };
      if (isKnown && next !== undefined) ({ text } = next);
      return Promise.resolve(seen);
    },
  };
}

/** `key` holds the text. */
export function createRedisBoard(runner: ScriptRunner, key: string): Board {
  return {
    isUp: () => runner.isUp(),
    async look(known, next) {
      const args = next === undefined ? [known] : [known, next.text, next.lifeMs];
      return seenIn(await runner.runScript(lookScript, [key], args));
    },
  };
}

/** More than what a hundred notices hold; whoever can write to Redis must not make a replica read for seconds. */
const maxTextBytes = 8 * 1024 * 1024;

/**
 * Answers the length alone of a text that is too long. ARGV: the known version; perhaps the next text and its life in milliseconds. MGET, because the
 * user may read so already.
 */
const lookScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local text = redis.call('MGET', KEYS[1])[1] or ''
if string.sub(text, 1, ${versionLength}) ~= ARGV[1] then
  return { now, #text <= ${maxTextBytes} and text or #text }
end
if ARGV[2] then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
return { now }
`;

function seenIn(reply: unknown): Seen {
  const parts: readonly unknown[] = Array.isArray(reply) ? reply : [];
  const [nowMs, text] = parts;
  if (typeof text === 'number') {
    throw new Error(`what is kept there was not written by Sallyport: it has ${text} bytes`);
  }
  const isText = text === undefined || typeof text === 'string';
  if (typeof nowMs === 'number' && isText) return { nowMs, text };
  throw new Error('Redis gave a reply that is not of the bulletin');
}
