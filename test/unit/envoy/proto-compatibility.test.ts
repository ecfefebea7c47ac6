import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBinary, isFieldSet } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProtoSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import type { PackageDefinition, ServiceDefinition } from '@grpc/proto-loader';
import {
  checkRequest,
  ourDescriptors,
  upstreamCheckRequest,
  upstreamDescriptors,
} from './protos.ts';

/** Everything of a field that is on the wire, or in JSON. */
interface FieldFacts {
  readonly number: number;
  readonly type: number;
  readonly typeName: string;
  readonly label: number;
  readonly jsonName: string;
  readonly oneof: string | undefined;
}

interface Facts {
  readonly fields: Map<string, FieldFacts>;
  readonly enumValues: Map<string, number>;
}

const ours = factsOf(ourDescriptors);
const theirs = factsOf(upstreamDescriptors);

/** Not in the copy of Envoy's protos that the tests have: Envoy added it in December 2025. */
const newerThanTheCopy = new Set(['envoy.service.auth.v3.CheckResponse.error_response']);

test('every field that we name is upstream’s: number, type, label, JSON name and oneof', () => {
  let compared = 0;
  for (const [name, field] of ours.fields) {
    if (newerThanTheCopy.has(name)) continue;
    assert.deepEqual(field, theirs.fields.get(name), name);
    compared += 1;
  }
  assert.ok(compared > 75, `only ${compared} fields were compared`);
});

test('error_response is field 5 of the oneof, though the copy of upstream does not have it', () => {
  const name = 'envoy.service.auth.v3.CheckResponse.error_response';
  assert.equal(theirs.fields.has(name), false);
  const { number, typeName, oneof } = ours.fields.get(name) ?? {};
  assert.deepEqual(
    { number, typeName, oneof },
    { number: 5, typeName: 'envoy.service.auth.v3.DeniedHttpResponse', oneof: 'http_response' },
  );
});

test('every enum value that we name is upstream’s', () => {
  for (const [name, number] of ours.enumValues) {
    assert.equal(number, theirs.enumValues.get(name), name);
  }
  assert.ok(ours.enumValues.size > 60);
});

test('the service has upstream’s path', () => {
  for (const protos of [ourDescriptors, upstreamDescriptors]) {
    const service = protos['envoy.service.auth.v3.Authorization'] as ServiceDefinition;
    assert.equal(service['Check']?.path, '/envoy.service.auth.v3.Authorization/Check');
  }
});

test('what upstream has and we do not name is passed over', () => {
  const named = { attributes: { request: { http: { method: 'GET', path: '/' } } } };
  const field500 = Buffer.from([0xa2, 0x1f, 0x02, 0x68, 0x69]);
  const bytes = Buffer.concat([upstreamCheckRequest.encode(named), field500]);
  assert.deepEqual(checkRequest.decode(bytes), checkRequest.decode(checkRequest.encode(named)));
});

function factsOf(protos: PackageDefinition): Facts {
  const files = fileBytes(protos).map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes));
  const messages = new Map<string, DescriptorProto>();
  const enums = new Map<string, EnumDescriptorProto>();
  for (const file of files) {
    for (const message of file.messageType) collect(file.package, message, messages, enums);
    for (const each of file.enumType) enums.set(`${file.package}.${each.name}`, each);
  }
  const known = new Set([...messages.keys(), ...enums.keys()]);
  const fields = new Map<string, FieldFacts>();
  for (const [name, message] of messages) {
    if (name.startsWith('google.protobuf.') || name.startsWith('grpc.')) continue;
    for (const field of message.field) {
      fields.set(`${name}.${field.name}`, fieldFacts(name, message, field, known));
    }
  }
  const enumValues = new Map<string, number>();
  for (const [name, each] of enums) {
    if (!name.startsWith('envoy.')) continue;
    for (const value of each.value) enumValues.set(`${name}.${value.name}`, value.number);
  }
  return { fields, enumValues };
}

function fileBytes(protos: PackageDefinition): Buffer[] {
  return Object.values(protos).flatMap((definition) =>
    'fileDescriptorProtos' in definition && Array.isArray(definition.fileDescriptorProtos)
      ? definition.fileDescriptorProtos
      : [],
  );
}

function collect(
  scope: string,
  message: DescriptorProto,
  messages: Map<string, DescriptorProto>,
  enums: Map<string, EnumDescriptorProto>,
): void {
  const name = `${scope}.${message.name}`;
  messages.set(name, message);
  for (const nested of message.nestedType) collect(name, nested, messages, enums);
  for (const nested of message.enumType) enums.set(`${name}.${nested.name}`, nested);
}

function fieldFacts(
  scope: string,
  message: DescriptorProto,
  field: FieldDescriptorProto,
  known: ReadonlySet<string>,
): FieldFacts {
  const inOneof = isFieldSet(field, FieldDescriptorProtoSchema.field.oneofIndex);
  return {
    number: field.number,
    type: field.type,
    typeName: field.typeName === '' ? '' : resolveName(scope, field.typeName, known),
    label: field.label,
    jsonName: field.jsonName,
    oneof: inOneof ? message.oneofDecl[field.oneofIndex]?.name : undefined,
  };
}

/** A type's full name: the innermost scope in which the written name means something. */
function resolveName(scope: string, written: string, known: ReadonlySet<string>): string {
  const parts = scope.split('.');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const name = [...parts.slice(0, depth), written].join('.');
    if (known.has(name)) return name;
  }
  throw new Error(`${written} in ${scope} is not defined`);
}
