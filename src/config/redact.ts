import type { Config } from './config.ts';

/** The configuration as it may be printed: without the secrets. */
export function redact(config: Config): Config {
  const { redis } = config;
  return redis === undefined
    ? config
    : { ...config, redis: { ...redis, url: withoutPassword(redis.url) } };
}

function withoutPassword(text: string): string {
  const url = URL.parse(text);
  if (url === null) return text.startsWith('unix:') ? text : '***';
  if (url.password !== '') url.password = '***';
  // A query may hold anything.
  url.search = '';
  return url.href;
}
