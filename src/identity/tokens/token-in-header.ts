import { Denial } from '../../domain/decision/decision.ts';

/** A whole collection of headers has 60 KiB in Envoy; what is longer than this is no token of ours. */
const maxTokenLength = 16 * 1024;

/**
 * RFC 6750 §2.1, the scheme in any case (RFC 9110 §11.1). Which characters a token may have is left
 * to whoever decodes it: one that is known by its digest need not be looked through first.
 */
const bearerForm = /^bearer +([^ ]+) *$/i;
/** Also behind other credentials: repeated fields are joined with a comma. */
const namesBearer = /(?:^|,)[ \t]*bearer(?:[ \t,]|$)/i;
const plainForm = /^[^ ]+$/;

/**
 * The token in a header's value. Undefined: there is none; `authorization` may hold credentials of
 * another scheme. Other headers hold the token alone, or as `authorization` does.
 */
export function tokenInHeader(
  name: string,
  value: string | undefined,
): string | undefined | Denial {
  if (value === undefined || value === '') return undefined;
  if (value.length > maxTokenLength) return invalid(`${name} is longer than a token may be`);
  const [, token] = bearerForm.exec(value) ?? [];
  if (token !== undefined) return token;
  if (name === 'authorization') {
    return namesBearer.test(value) ? invalid(`${name} does not hold one bearer token`) : undefined;
  }
  return plainForm.test(value) ? value : invalid(`${name} does not hold one token`);
}

function invalid(detail: string): Denial {
  return new Denial('token_invalid', detail);
}
