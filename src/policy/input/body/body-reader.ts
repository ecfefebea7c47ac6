import type { Denial } from '../../../domain/decision/decision.ts';
import { headerOf, type RequestView } from '../../../domain/request/request.ts';
import { readFormBody } from './form-body.ts';
import { type GrpcMethods, readGrpcBody } from './grpc-body.ts';
import { readJsonBody } from './json-body.ts';
import { readMultipartBody } from './multipart-body.ts';
import {
  badBody,
  type ParsedBody,
  tooLargeBody,
  truncatedBody,
  unreadBody,
} from './parsed-body.ts';

/** A request whose body is there, with what its forms ask about. */
interface BodyQuestion {
  readonly request: RequestView;
  readonly contentType: string;
  readonly parsedPath: readonly string[];
  readonly options: BodyOptions;
}

type BodyForm = (question: BodyQuestion) => ParsedBody | Denial;

/** The first whose name is in the content type decides, as in opa-envoy-plugin. */
const forms: readonly (readonly [name: string, read: BodyForm])[] = [
  ['application/json', whole(readJsonBody)],
  ['application/grpc', readGrpcCall],
  ['application/x-www-form-urlencoded', whole(readFormBody)],
  ['multipart/form-data', whole(readMultipartBody)],
];

export interface BodyOptions {
  /** Without it, gRPC bodies stay unread. */
  readonly grpcMethods: GrpcMethods | undefined;
  /** All checks wait while a body is parsed; a larger one is refused, or unread when nobody reads it. */
  readonly maxBodyBytes: number;
  readonly readsBody: boolean;
}

/** Reads the body as opa-envoy-plugin does. */
export function readBody(
  request: RequestView,
  parsedPath: readonly string[],
  options: BodyOptions,
): ParsedBody | Denial {
  if (request.body.state === 'partial') return truncatedBody;
  if (request.body.bytes.length === 0) return unreadBody;
  const contentType = headerOf(request, 'content-type') ?? '';
  const form = forms.find(([name]) => contentType.includes(name));
  if (form === undefined) return unreadBody;
  const [, read] = form;
  return read({ request, contentType, parsedPath, options });
}

/** A form that must not be read when less has come than Content-Length announced. */
function whole(read: (bytes: Uint8Array, contentType: string) => ParsedBody | Denial): BodyForm {
  return ({ request, contentType, options }) => {
    const { bytes } = request.body;
    const announced = headerOf(request, 'content-length');
    if (announced !== undefined) {
      if (!/^[+-]?\d+$/.test(announced)) return badBody('announced by a bad Content-Length');
      if (Number(announced) > bytes.length) return truncatedBody;
    }
    return ofSize(bytes, options, () => read(bytes, contentType));
  };
}

/**
 * gRPC frames name their own length. Only raw bytes are read: in the text that Envoy sends without
 * `pack_as_bytes`, what is not UTF-8 was replaced, and would decode to another message.
 */
function readGrpcCall({ request, parsedPath, options }: BodyQuestion): ParsedBody | Denial {
  const rawBody = request.attributes.request?.http?.rawBody;
  const { grpcMethods } = options;
  if (grpcMethods === undefined || rawBody === undefined) return unreadBody;
  return ofSize(rawBody, options, () => readGrpcBody(rawBody, parsedPath, grpcMethods));
}

/** What is read of a body, unless that would take too long. */
function ofSize(
  { length }: Uint8Array,
  { maxBodyBytes, readsBody }: BodyOptions,
  read: () => ParsedBody | Denial,
): ParsedBody | Denial {
  if (length <= maxBodyBytes) return read();
  return readsBody ? tooLargeBody(length, maxBodyBytes) : unreadBody;
}
