import { BuiltinError, type Spend } from '../../builtin.ts';
import { isArray, RegoObject, type RegoValue } from '../../value.ts';
import type { HttpRequest } from './request.ts';
import { readJson } from '../read-json.ts';
import { readPaidYaml, type YamlCodec } from '../yaml/yaml.ts';

/** What reading JSON takes, a list of digits at the worst. */
const unitsPerCharacter = 10;

/**
 * Adds the body to what a server answered, read as JSON or YAML: by its type, or as the request wants
 * it whatever the type. Another, or one that cannot be read, is null (OPA v1/topdown/http.go). It is
 * read within the evaluation, and paid for by it, because reading takes longer than receiving.
 */
export function withBody(
  answer: RegoObject,
  { forcesJson, forcesYaml }: HttpRequest,
  codec: YamlCodec,
  spend: Spend,
): RegoObject {
  const text = answer.get('raw_body');
  if (typeof text !== 'string') return answer;
  const type = contentTypeOf(answer);
  let body: RegoValue = null;
  if (forcesJson || isJson(type)) {
    spend(unitsPerCharacter * text.length);
    body = orNull(() => readJson(text));
  } else if (forcesYaml || /application\/(?:x-)?yaml/.test(type)) {
    body = orNull(() => readPaidYaml(codec, text, spend));
  }
  return RegoObject.of([...answer.entries, ['body', body]]);
}

function contentTypeOf(answer: RegoObject): string {
  const headers = answer.get('headers');
  const values = headers instanceof RegoObject ? headers.get('content-type') : undefined;
  const first = values !== undefined && isArray(values) ? values[0] : undefined;
  return typeof first === 'string' ? first : '';
}

function isJson(contentType: string): boolean {
  return /^application\/(?:[^;/]*\+)?json\s*(?:;|$)/i.test(contentType.trim());
}

function orNull(read: () => RegoValue): RegoValue {
  try {
    return read();
  } catch (error) {
    if (error instanceof BuiltinError) return null;
    throw error;
  }
}
