import { messageOf } from '../../../domain/fault-message.ts';
import { BundleError } from '../../bundle-error.ts';
import { jsonText } from '../../rego/builtins/json-text.ts';
import { readYaml, type YamlCodec } from '../../rego/builtins/yaml/yaml.ts';
import type { BundleFiles } from './bundle-files.ts';

/** The library takes about a second for a MiB. */
const maxYamlBytes = 16 * 1024 * 1024;

/**
 * The files, of which data in YAML is now the JSON that it stands for: what is signed, as OPA signs,
 * and what is merged. Throws a BundleError for what is no YAML.
 */
export function yamlAsJson(files: BundleFiles, yaml: YamlCodec | undefined): BundleFiles {
  return new Map(
    Array.from(files, ([path, content]) => [
      path,
      isYamlData(path) ? asJson(path, content, yaml) : content,
    ]),
  );
}

export function isYamlData(path: string): boolean {
  return /(?:^|\/)data\.ya?ml$/.test(path);
}

const decoder = new TextDecoder('utf-8');

function asJson(path: string, content: Uint8Array, yaml: YamlCodec | undefined): Uint8Array {
  if (yaml === undefined) throw new BundleError(`${path} in the bundle cannot be read here`);
  if (content.length > maxYamlBytes) {
    throw new BundleError(
      `${path} in the bundle is larger than ${maxYamlBytes} bytes: write it as data.json`,
    );
  }
  try {
    return Buffer.from(jsonText(readYaml(yaml, decoder.decode(content))));
  } catch (error) {
    const why = messageOf(error);
    throw new BundleError(`${path} in the bundle is not YAML: ${why}`, { cause: error });
  }
}
