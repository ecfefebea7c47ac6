import { fileURLToPath } from 'node:url';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** Beside `src` in a checkout, and beside `dist` in a package. */
const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));

/**
 * Loads a service of `proto/`. Messages are plain objects with lowerCamel names that hold only
 * what was sent; a name that the proto does not have is dropped without a word.
 */
export function loadProtoService<Method extends string>(
  file: string,
  name: string,
  methods: readonly Method[],
): ServiceDefinition<Record<Method, unknown>> {
  const definition = loadSync(file, { includeDirs: [protoRoot], longs: Number })[name];
  if (!hasMethods(definition, methods)) {
    throw new Error(`${file} has no service ${name} with ${methods.join(', ')}`);
  }
  return definition;
}

function hasMethods<Method extends string>(
  definition: object | undefined,
  methods: readonly Method[],
): definition is ServiceDefinition<Record<Method, unknown>> {
  return definition !== undefined && methods.every((method) => method in definition);
}
