import type { JsonObject } from '../../domain/json.ts';
import { parsePrincipalPattern } from '../../domain/identity/principal-pattern.ts';
import { leaf } from '../schema/leaf.ts';
import { hintOfNearest } from '../schema/nearest.ts';
import { method, namePattern, pathPattern } from '../schema/document-values.ts';
import type { Loaded } from '../loaded.ts';
import { readOrder } from '../read-order.ts';
import {
  filled,
  type Keys,
  list,
  optional,
  refined,
  required,
  type Schema,
  section,
} from '../schema/schema.ts';
import { duration, line, text } from '../schema/values.ts';

/** A grant as it is ordered. */
export interface GrantOrder {
  readonly from: string;
  readonly to: string;
  readonly methods: readonly string[];
  readonly paths?: readonly string[];
  readonly lifeMs: number;
  readonly reason: string;
  readonly by: string;
}

/** As {@link readOrder}. */
export function readGrantOrder(content: JsonObject): Loaded<GrantOrder> {
  return readOrder('grant', content, orderSchema);
}

/** What no order says by itself. `services`: of the access document; undefined: there is none. */
export function serviceFault(
  to: string,
  services: readonly string[] | undefined,
): string | undefined {
  if (services === undefined) {
    return 'There is no access document, so there is nothing to grant beside it: set access';
  }
  if (services.includes(to)) return undefined;
  const hint = hintOfNearest(to, services);
  return `to: the access document has no service ${JSON.stringify(to)}${hint}`;
}

/** Who approves a grant, or revokes it. */
export interface Signature {
  readonly by: string;
}

/** As {@link readOrder}. */
export function readSignature(content: JsonObject): Loaded<Signature> {
  return readOrder('grant', content, signatureSchema);
}

export const grantedCaller = leaf({
  type: 'principal',
  expected:
    'one caller: the SPIFFE ID of a workload, such as spiffe://prod/ns/ops/sa/console, or the subject of a token',
  yamlType: 'string',
  parse: (value) => (parsePrincipalPattern(value)?.kind === 'exact' ? value : undefined),
});

const service = text('name', 'the name of a service of the access document', namePattern);

const grantedMethod = refined(method, (name) =>
  name === 'CONNECT' ? 'opens a tunnel; write a rule for that into the access document' : undefined,
);

const boundedPath = refined(pathPattern, ({ length }) =>
  length > 512 ? 'is longer than 512 characters' : undefined,
);

/** Everybody who looks at the board reads all of it, so what one order may hold is bounded. */
function few<T>(item: Schema<T>, plural: string, most: number): Schema<readonly T[]> {
  return refined(
    filled(list(item, plural), 'is empty, so nothing would be granted; fill it'),
    ({ length }) => (length > most ? `are more than ${most}; grant them apart` : undefined),
  );
}

const by = line(100);

export const grantedKeys: Keys<Pick<GrantOrder, 'to' | 'methods' | 'paths'>> = {
  to: required('to', service, 'What may be called.'),
  methods: required('methods', few(grantedMethod, 'methods', 16), 'GET is HEAD too.'),
  paths: optional('paths', few(boundedPath, 'path patterns', 32), 'Absent: every path.'),
};

const orderSchema = section<GrantOrder>({
  from: required('from', grantedCaller, 'The caller.'),
  ...grantedKeys,
  lifeMs: required('for', duration('1s', '24h'), 'For how long.'),
  reason: required('reason', line(500), 'For whoever asks later.'),
  by: required('by', by, 'Who answers for it.'),
});

const signatureSchema = section<Signature>({
  by: required('by', by, 'Who answers for it.'),
});
