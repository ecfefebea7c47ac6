import { messageOf } from '../../../../domain/fault-message.ts';
import { BuiltinError, type BuiltinTable, type Spend } from '../../builtin.ts';
import { readNumber } from '../../number.ts';
import { RegoObject, type RegoValue } from '../../value.ts';
import { formatFloat } from '../go/float.ts';
import { stringOperand } from '../operands.ts';
import { yamlText } from './text.ts';

/**
 * Reads YAML 1.2 into plain values: null, booleans, numbers, bigints, strings, arrays and Maps. Of
 * several documents the first counts, but all have to be right. Throws for what is no YAML.
 */
export interface YamlCodec {
  parse(text: string): unknown;
}

/** OPA v1/topdown/encoding.go and internal/yaml. The codec belongs to whoever reads YAML already. */
export function createYamlBuiltins(codec: YamlCodec): BuiltinTable {
  return {
    'yaml.marshal': ({ spend }, value) => {
      const text = yamlText(value);
      spend(20 * text.length);
      return text;
    },
    'yaml.unmarshal': ({ spend }, text) => readPaidYaml(codec, stringOperand(text, 1), spend),
    'yaml.is_valid': ({ spend }, text) => {
      if (typeof text !== 'string') return false;
      try {
        readPaidYaml(codec, text, spend);
        return true;
      } catch (error) {
        if (error instanceof BuiltinError) return false;
        throw error;
      }
    },
  };
}

/** The codec takes 1 µs for most characters, and more the longer a text without a line break is. */
const unitsPerCharacter = 300;

/** Like `readYaml`, of a policy that has the fuel for it. */
export function readPaidYaml(codec: YamlCodec, text: string, spend: Spend): RegoValue {
  spend(unitsPerCharacter * text.length);
  return readYaml(codec, text);
}

/** Throws a BuiltinError for what is no YAML, or has no form in JSON. */
export function readYaml(codec: YamlCodec, text: string): RegoValue {
  let value: unknown;
  try {
    value = codec.parse(text);
  } catch (error) {
    throw new BuiltinError(`yaml: ${messageOf(error)}`);
  }
  return regoOf(value);
}

/** An alias may stand within what it stands for. */
const maxDepth = 1000;

function regoOf(value: unknown, depth = 0): RegoValue {
  if (depth > maxDepth) throw new BuiltinError('yaml: a value nests too deep');
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'boolean' || value === null || value === undefined) return value ?? null;
  if (typeof value === 'bigint') return integer(value);
  if (typeof value === 'number' && Number.isFinite(value)) return readNumber(String(value));
  if (Array.isArray(value)) return value.map((member) => regoOf(member, depth + 1));
  if (value instanceof Map) {
    return RegoObject.of(
      Array.from(value, ([key, held]) => {
        return [keyText(key), regoOf(held, depth + 1)] as const;
      }),
    );
  }
  throw new BuiltinError('yaml: JSON has no such value');
}

/** Integers beyond 64 bits are doubles to go-yaml. */
function integer(value: bigint): RegoValue {
  const isExact = value >= -(2n ** 63n) && value < 2n ** 64n;
  return readNumber(String(isExact ? value : Number(value)));
}

/** Keys of other types become text; JSON has no others. */
function keyText(key: unknown): string {
  if (typeof key === 'string') return key.toWellFormed();
  if (typeof key === 'boolean' || typeof key === 'bigint') return String(key);
  if (typeof key !== 'number') throw new BuiltinError('yaml: unsupported map key');
  if (Number.isNaN(key)) return '.nan';
  if (!Number.isFinite(key)) return key < 0 ? '-.inf' : '.inf';
  return Number.isInteger(key) ? String(key) : formatFloat(key, 'g', -1);
}
