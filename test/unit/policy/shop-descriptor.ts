import { create, toBinary } from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
} from '@bufbuild/protobuf/wkt';

/**
 * What protoc writes for:
 *
 *     service Stock { rpc Reserve (Reservation) returns (Reservation); }
 *     service Books {
 *       rpc ByAuthor (Author) returns (stream Book);
 *       rpc ByNumber (Book) returns (Book);
 *       rpc Upload (stream Author) returns (Book);
 *     }
 */
export function shopDescriptorSet(): Uint8Array {
  const text = '.google.protobuf.StringValue';
  const shop = {
    name: 'shop.proto',
    package: 'shop',
    syntax: 'proto3',
    dependency: ['google/protobuf/wrappers.proto'],
    messageType: [
      { name: 'Reservation', field: messages({ metadata: '.shop.Metadata', data: '.shop.Data' }) },
      { name: 'Metadata', field: messages({ severity_text: text, severity_number: text }) },
      { name: 'Data', field: messages({ body: text, name: text }) },
      { name: 'Author', field: [field('author', 1, Type.STRING)] },
      { name: 'Book', field: [field('isbn', 1, Type.INT64)] },
    ],
    service: [
      { name: 'Stock', method: [method('Reserve', 'Reservation', 'Reservation')] },
      {
        name: 'Books',
        method: [
          { ...method('ByAuthor', 'Author', 'Book'), serverStreaming: true },
          method('ByNumber', 'Book', 'Book'),
          { ...method('Upload', 'Author', 'Book'), clientStreaming: true },
        ],
      },
    ],
  };
  const set = create(FileDescriptorSetSchema, {
    file: [file_google_protobuf_wrappers.proto, shop],
  });
  return toBinary(FileDescriptorSetSchema, set);
}

function field(name: string, number: number, type: Type) {
  const jsonName = name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase());
  return { name, jsonName, number, type, label: Label.OPTIONAL };
}

function messages(typeByName: Record<string, string>) {
  return Object.entries(typeByName).map(([name, typeName], index) => ({
    ...field(name, index + 1, Type.MESSAGE),
    typeName,
  }));
}

function method(name: string, input: string, output: string) {
  return { name, inputType: `.shop.${input}`, outputType: `.shop.${output}` };
}
