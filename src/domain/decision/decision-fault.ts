import type { Decision, DenialResponse, HeaderField, RequestEdits } from './decision.ts';
import { headerFault, headerSetFault } from '../request/header.ts';
import { isJsonObject, type JsonValue } from '../json.ts';
import { isEnvoyStatus } from './http-status.ts';

/**
 * Why Envoy could not do what a policy asks for, or undefined when it can. Envoy answers 500 to some
 * mistakes, and for others drops the whole answer, which leaves the decision to `failure_mode_allow`.
 *
 * `isReserved` is true of the headers that only Sallyport writes.
 */
export function decisionFault(decision: Decision, isReserved: IsReserved): string | undefined {
  const { metadata } = decision;
  if (metadata !== undefined && isDeeper(metadata, maxMetadataDepth)) {
    return `the dynamic metadata is nested deeper than ${maxMetadataDepth} levels`;
  }
  if (decision.outcome !== 'allow') {
    return decision.response && denialFault(decision.response, isReserved);
  }
  return editsFault(decision.edits, isReserved);
}

type IsReserved = (name: string) => boolean;

/** Protobuf's parser in Envoy stops at 100 nested messages; a level of JSON takes three. */
const maxMetadataDepth = 30;

function editsFault(edits: RequestEdits, isReserved: IsReserved): string | undefined {
  return (
    headersFault(edits.requestHeaders, isReserved) ??
    headersFault(edits.responseHeaders, isReserved) ??
    removalFault(edits.requestHeadersToRemove, isReserved) ??
    queryFault(edits)
  );
}

function denialFault(response: DenialResponse, isReserved: IsReserved): string | undefined {
  const { httpStatus } = response;
  if (httpStatus !== undefined && !isEnvoyStatus(httpStatus)) {
    return `${httpStatus} is no HTTP status that Envoy knows`;
  }
  return headersFault(response.headers, isReserved);
}

function headersFault(fields: readonly HeaderField[], isReserved: IsReserved): string | undefined {
  if (fields.length === 0) return undefined;
  return headerSetFault(fields) ?? reservedFault(fields.find(({ name }) => isReserved(name))?.name);
}

function removalFault(names: readonly string[], isReserved: IsReserved): string | undefined {
  for (const name of names) {
    const fault = headerFault({ name, value: '' });
    if (fault !== undefined) return fault;
  }
  return reservedFault(names.find(isReserved));
}

function reservedFault(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `header ${name} is reserved: only Sallyport writes it`;
}

/** RFC 3986 §3.4, without what ends a parameter: Envoy writes keys and values as they are. */
const queryKey = /^(?:[\w.~!$'()*+,;:@/?-]|%[0-9a-f]{2})+$/i;
const queryValue = /^(?:[\w.~!$'()*+,;:@/?=-]|%[0-9a-f]{2})*$/i;

function queryFault(edits: RequestEdits): string | undefined {
  for (const { key, value } of edits.queryParametersToSet) {
    if (queryKey.test(key) && queryValue.test(value)) continue;
    return `query parameter ${JSON.stringify(key)} is not percent-encoded`;
  }
  return undefined;
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  const children = isJsonObject(value) ? Object.values(value) : value;
  return children.some((child) => isDeeper(child, levels - 1));
}
