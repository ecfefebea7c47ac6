import { createFileRegistry, type DescMessage, fromBinary, toJson } from '@bufbuild/protobuf';
import type { FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { Denial } from '../../../domain/decision/decision.ts';
import { badBody, type ParsedBody, truncatedBody, unreadBody } from './parsed-body.ts';

/** The messages that methods take, by the method's path without the slash: `shop.Stock/Reserve`. */
export interface GrpcMethods {
  readonly inputs: ReadonlyMap<string, DescMessage>;
  /** For what messages hold by name: extensions, and `google.protobuf.Any`. */
  readonly registry: FileRegistry;
}

/**
 * The unary and server-streaming methods of a FileDescriptorSet (`protoc --include_imports
 * --descriptor_set_out`). Throws an Error when it is none.
 */
export function readGrpcMethods(descriptorSet: Uint8Array): GrpcMethods {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));
  const inputs = new Map<string, DescMessage>();
  for (const type of registry) {
    if (type.kind === 'message') requireJsonNames(type);
    if (type.kind !== 'service') continue;
    for (const { name, input, methodKind } of type.methods) {
      const sendsOne = methodKind === 'unary' || methodKind === 'server_streaming';
      if (sendsOne) inputs.set(`${type.typeName}/${name}`, input);
    }
  }
  return { inputs, registry };
}

/** protoc and buf write them; without, fields would hide each other under one empty name. */
function requireJsonNames({ typeName, fields }: DescMessage): void {
  const nameless = fields.find(({ jsonName }) => jsonName === '');
  if (nameless) throw new Error(`${typeName}.${nameless.name} has no JSON name`);
}

/** A frame is a flag (1: compressed), a length of four bytes, and the message. */
const frameHeaderBytes = 5;

/** Reads the first message as canonical protobuf JSON; unknown methods and compression: unread. */
export function readGrpcBody(
  bytes: Uint8Array,
  parsedPath: readonly string[],
  { inputs, registry }: GrpcMethods,
): ParsedBody | Denial {
  if (parsedPath.length !== 2) return badBody('gRPC, but the path is not /service/method');
  if (bytes.length < frameHeaderBytes) return badBody('gRPC, but shorter than a frame');
  if (bytes[0] !== 0) return unreadBody;
  const frame = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const end = frameHeaderBytes + frame.getUint32(1);
  if (end > bytes.length) return truncatedBody;
  const input = inputs.get(parsedPath.join('/'));
  if (input === undefined) return unreadBody;
  try {
    const message = fromBinary(input, bytes.subarray(frameHeaderBytes, end));
    return { value: toJson(input, message, { registry }), truncated: false };
  } catch {
    return badBody(`not a valid ${input.typeName}`);
  }
}
