import type { LimitMatch } from '../../domain/limit.ts';
import { pathPatternFault } from '../../domain/path-pattern.ts';
import { parseSpiffeId } from '../../domain/spiffe-id.ts';
import { leaf } from '../schema/leaf.ts';
import { filled, list, optional, refined, section } from '../schema/schema.ts';
import { text } from '../schema/values.ts';

const service = text('text', 'text without line breaks', /^[^\r\n\0]{1,2048}$/);
export const method = text(
  'method',
  'an HTTP method in capitals, such as GET',
  /^[A-Z][A-Z0-9_-]{0,31}$/,
);
export const pathPattern = refined(
  text('path pattern', 'a path such as /orders/{id} or /orders/**', /^\//),
  pathPatternFault,
);
const matchesNothing = 'is empty, so the limit would apply to nothing; remove it or fill it';

/** Which requests a limit is for. */
export const match = section<LimitMatch>({
  service: optional('service', service, 'What is called.'),
  methods: optional(
    'methods',
    filled(list(method, 'methods'), matchesNothing),
    'HTTP methods; GET is HEAD too.',
  ),
  paths: optional(
    'paths',
    filled(list(pathPattern, 'path patterns'), matchesNothing),
    '`{x}` one segment, `**` the rest.',
  ),
});

/** Whom an override is for. Callers are known by nothing else, so another text would be nobody. */
export const workload = leaf({
  type: 'SPIFFE ID',
  expected: 'the SPIFFE ID of a workload, such as spiffe://prod/ns/batch/sa/reports',
  yamlType: 'string',
  parse: (value) => (parseSpiffeId(value)?.path ? value : undefined),
});
