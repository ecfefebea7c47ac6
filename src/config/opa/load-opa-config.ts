import { resolve } from 'node:path';
import { configSchema } from '../config-schema.ts';
import { deepFreeze } from '../deep-freeze.ts';
import { type Environment, overlayEnvironment } from '../environment.ts';
import { interpolate } from '../interpolate.ts';
import type { LoadedConfig } from '../load-config.ts';
import { nearest } from '../schema/nearest.ts';
import {
  childPath,
  emptyMapping,
  filledScalar,
  type MappingEntry,
  type MappingNode,
  type Node,
  withValue,
} from '../schema/node.ts';
import { opaDefaults, type OpaKey, type OpaKeys, opaKeys } from './keys.ts';
import { inOrder, type Problem } from '../problem.ts';
import { readYaml } from '../yaml/read-yaml.ts';

/**
 * Reads the configuration of an OPA with opa-envoy-plugin as if it were sallyport.yaml: whoever
 * calls, the policy decides. What Sallyport leaves out is in `warnings`; what it could not leave
 * out without deciding otherwise is a problem. `SALLYPORT_…` variables say the rest. Relative paths
 * are relative to the working directory, as in OPA. Never throws.
 */
export function loadOpaConfig(path: string, environment: Environment): LoadedConfig {
  const directory = resolve('.');
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  const written = readYaml(path, problems, {
    fill: (scalar, key) => interpolate(scalar, key, { environment, directory }, problems),
  });
  const translated =
    written.kind === 'mapping' ? new Translation(problems, warnings).of(written) : written;
  const root = overlayEnvironment(translated, configSchema, environment, problems);
  const config = configSchema.read(root, '', { problems, directory, unavailable: new Set() });
  return config === undefined || problems.length > 0
    ? { problems: inOrder(problems) }
    : { config: deepFreeze(config), warnings: inOrder(warnings) };
}

/** OPA's document on its way to Sallyport's; every value keeps its place. */
class Translation {
  readonly #problems: Problem[];
  readonly #warnings: Problem[];

  constructor(problems: Problem[], warnings: Problem[]) {
    this.#problems = problems;
    this.#warnings = warnings;
  }

  of(document: MappingNode): Node {
    const start = opaDefaults.reduce<Node>(
      (root, [key, text]) => withValue(root, key.split('.'), filledScalar(text, document.place)),
      emptyMapping(document.place),
    );
    return this.#keys(start, document, opaKeys, '');
  }

  #keys(root: Node, document: MappingNode, keys: OpaKeys, above: string): Node {
    let translated = root;
    for (const [name, entry] of document.entries) {
      const path = childPath(above, name);
      const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
      if (key !== undefined) translated = this.#key(translated, entry, key, path);
      else this.#note(this.#problems, entry, path, unknownKey(name, keys));
    }
    return translated;
  }

  #key(root: Node, entry: MappingEntry, key: OpaKey, path: string): Node {
    const { value } = entry;
    if ('to' in key) return withValue(root, key.to.split('.'), rewritten(value, key.as));
    if ('keys' in key) {
      if (value.kind === 'mapping') {
        const begun =
          key.within === undefined
            ? root
            : withValue(root, key.within.split('.'), emptyMapping(value.place));
        return this.#keys(begun, value, key.keys, path);
      }
      this.#note(this.#problems, entry, path, 'must be a section of keys');
    } else if ('warning' in key) {
      this.#note(this.#warnings, entry, path, key.warning);
    } else if (!(value.kind === 'scalar' && value.value === false)) {
      this.#note(this.#problems, entry, path, key.problem);
    }
    return root;
  }

  #note(notes: Problem[], { keyPlace }: MappingEntry, path: string, message: string): void {
    notes.push({ ...keyPlace, path, message });
  }
}

function rewritten(node: Node, as: ((text: string) => string) | undefined): Node {
  return as === undefined || node.kind !== 'scalar'
    ? node
    : filledScalar(as(String(node.value)), node.place);
}

function unknownKey(name: string, keys: OpaKeys): string {
  const close = nearest(name, Object.keys(keys));
  return close === undefined
    ? `is not a key of OPA; known here: ${Object.keys(keys).join(', ')}`
    : `is not a key of OPA; did you mean ${close}?`;
}
