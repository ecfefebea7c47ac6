import type { JsonObject } from '../domain/json.ts';
import type { BucketAddress } from '../domain/limits/limit-bucket.ts';

const partPattern =
  /^(?:caller|service|rule|source\.ip|key|token\.[!-~]{1,64}|header:[!#$%&'*+.^_`|~\w-]{1,256}|contextExtension:\S{1,256})$/;

/** An address as a command sends it, `{"limit": …, "caller": …}`; or a sentence that says what is wrong. */
export function addressFrom({ limit, ...parts }: JsonObject): BucketAddress | string {
  if (limit !== undefined && typeof limit !== 'string') return 'limit must be a name';
  const counted = new Map<string, string | null>();
  for (const [name, value] of Object.entries(parts)) {
    if (!partPattern.test(name)) {
      return `${JSON.stringify(name)} is no part that limits count by; there are caller, service, rule, source.ip, token.CLAIM, header:NAME, contextExtension:NAME, and key for what a policy gives`;
    }
    if (value !== null && typeof value !== 'string') return `${name} must be a text, or null`;
    counted.set(name.startsWith('header:') ? name.toLowerCase() : name, value);
  }
  if (counted.size === 0 && limit === undefined) return 'say whom it is about: caller, or limit';
  if (counted.has('key') && limit === undefined) return 'key is of one limit: say which';
  return { ...(limit !== undefined && { limit }), counted };
}
