import type { LimitMatch } from '../../domain/limits/limit.ts';
import { parseSpiffeId } from '../../domain/identity/spiffe-id.ts';
import { leaf } from '../schema/leaf.ts';
import { method, pathPattern } from '../schema/document-values.ts';
import { filled, list, optional, section } from '../schema/schema.ts';
import { text } from '../schema/values.ts';

const service = text('text', 'text without line breaks', /^[^\r\n\0]{1,2048}$/);
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

/** Whom an override is for: a workload, not somebody whom only a token names. */
export const workload = leaf({
  type: 'SPIFFE ID',
  expected: 'the SPIFFE ID of a workload, such as spiffe://prod/ns/batch/sa/reports',
  yamlType: 'string',
  parse: (value) => (parseSpiffeId(value)?.path ? value : undefined),
});
