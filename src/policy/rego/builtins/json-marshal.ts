import type { BuiltinTable, Spend } from '../builtin.ts';
import type { RegoObject } from '../value.ts';
import { type JsonLayout, jsonText } from './json-text.ts';
import { objectOperand, operandError } from './operands.ts';

export const jsonMarshalBuiltins: BuiltinTable = {
  'json.marshal_with_options': ({ spend }, value, options) => {
    const layout = layoutOf(objectOperand(options, 2), spend);
    // Go's MarshalIndent leaves the first line without its prefix; OPA adds it.
    return layout === undefined ? jsonText(value) : layout.prefix + jsonText(value, layout);
  },
};

const optionNames = new Set(['prefix', 'indent', 'pretty']);

/** An indent or a prefix asks for a layout, unless `pretty` says otherwise. */
function layoutOf(options: RegoObject, spend: Spend): JsonLayout | undefined {
  for (const [key] of options.entries) {
    if (typeof key !== 'string' || !optionNames.has(key)) {
      throw operandError(2, 'object contained an unknown key');
    }
  }
  const prefix = textOption(options, 'prefix');
  const indent = textOption(options, 'indent');
  const pretty = options.get('pretty') ?? (prefix !== undefined || indent !== undefined);
  if (typeof pretty !== 'boolean') throw operandError(2, 'key pretty failed cast to bool');
  return pretty ? { prefix: prefix ?? '', indent: indent ?? '\t', spend } : undefined;
}

function textOption(options: RegoObject, name: string): string | undefined {
  const value = options.get(name);
  if (value === undefined || typeof value === 'string') return value;
  throw operandError(2, `key ${name} failed cast to string`);
}
